package backup

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// saved makes a backup of an installation with a few files.
func saved(t *testing.T, d *db.DB, url string) (file string) {
	t.Helper()
	data := t.TempDir()
	for n := range 3 {
		path := filepath.Join(data, filesName, fmt.Sprint("a", n), "file")
		os.MkdirAll(filepath.Dir(path), 0o700)
		os.WriteFile(path, bytes.Repeat([]byte{byte(n)}, 5000+n), 0o600)
	}
	os.WriteFile(filepath.Join(data, filesName, "a0", "tmp-half"), []byte("half"), 0o600)
	file = filepath.Join(t.TempDir(), "backup")
	s := Source{DB: d, URL: url, Data: data, Secret: strings.Repeat("s", 32), Version: "test"}
	if _, err := Create(t.Context(), s, file); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), s, file); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("a second backup of the same name: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	alone(t, file)
	return file
}

// alone checks that nothing was left beside the file.
func alone(t *testing.T, file string) {
	t.Helper()
	list, _ := os.ReadDir(filepath.Dir(file))
	for _, e := range list {
		if e.Name() != filepath.Base(file) {
			t.Errorf("%s was left", e.Name())
		}
	}
}

// nothingIn checks that a refused restore left nothing.
func nothingIn(t *testing.T, folder string) {
	t.Helper()
	list, _ := os.ReadDir(folder)
	for _, e := range list {
		t.Errorf("%s was left", e.Name())
	}
}

// edited writes a copy of a backup with entries and manifest changed, and all sums
// made right again.
func edited(t *testing.T, file string, change func(name string, data []byte) []byte, manifest func(*Manifest)) string {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	to := filepath.Join(t.TempDir(), "edited")
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := &writer{zip: zip.NewWriter(f)}
	var m Manifest
	for _, e := range r.File {
		in, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(in)
		if e.Name == manifestName {
			json.Unmarshal(data, &m)
		} else if err := w.add(e.Name, true, bytes.NewReader(change(e.Name, data))); err != nil {
			t.Fatal(err)
		}
	}
	manifest(&m)
	if err := w.finish(&m); err != nil {
		t.Fatal(err)
	}
	if err := seal(f); err != nil {
		t.Fatal(err)
	}
	return to
}

func same(_ string, data []byte) []byte { return data }

func TestEveryDamagedByteIsNoticed(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLiteURL(t))
	file := saved(t, d, "")
	if m, err := Verify(t.Context(), file); err != nil || m.Files() != 3 || !m.SQLite() || m.Schema != db.KnownSchema() {
		t.Fatalf("%+v, %v", m, err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := filepath.Join(t.TempDir(), "spoiled")
	try := func(what string, data []byte) {
		t.Helper()
		os.WriteFile(spoiled, data, 0o600)
		if _, err := Verify(t.Context(), spoiled); !Damaged(err) && !strings.Contains(fmt.Sprint(err), "format") {
			t.Errorf("%s: %v", what, err)
		}
		place := filepath.Join(t.TempDir(), "data")
		if _, err := Restore(t.Context(), spoiled, Target{Data: place, File: filepath.Join(place, "igny8.db")}); err == nil {
			t.Errorf("%s: was restored", what)
		}
		nothingIn(t, place)
	}
	for n := range 60 {
		at := rand.IntN(len(whole))
		if n < 10 {
			at = len(whole) - 1 - n*9 // the end, where the sum is
		}
		data := bytes.Clone(whole)
		data[at] ^= 1 << rand.IntN(8)
		try(fmt.Sprintf("byte %d of %d", at, len(whole)), data)
	}
	for _, n := range []int{0, 1, 100, len(whole) / 2, len(whole) - 1} {
		try(fmt.Sprintf("cut off after %d bytes", n), whole[:n])
	}
	try("a byte more", append(bytes.Clone(whole), 0))
}

func TestARestoreIsRefusedWhereItDoesNotBelong(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLiteURL(t))
	file := saved(t, d, "")
	refused := func(file, url, want string) {
		t.Helper()
		place := filepath.Join(t.TempDir(), "data")
		_, err := Restore(t.Context(), file, Target{Data: place, File: filepath.Join(place, "igny8.db"), URL: url})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		nothingIn(t, place)
	}
	refused(edited(t, file, same, func(m *Manifest) { m.Schema, m.Version = 9999, "v9" }), "", "igny8 v9 with schema 9999")
	refused(edited(t, file, same, func(m *Manifest) { m.Format = 2 }), "", "format 2")
	refused(edited(t, file, same, func(m *Manifest) { m.Database = "PostgreSQL 15.1" }), "", "--database-url")
	refused(file, "postgres://localhost/x", "leave the URL out")
	refused(filepath.Join(t.TempDir(), "absent"), "", "no such file")
	refused(edited(t, file, func(name string, data []byte) []byte {
		if name == sqliteName {
			copy(data[8192:], bytes.Repeat([]byte{0xa5}, 4000))
		}
		return data
	}, func(*Manifest) {}), "", "damaged")

	place := t.TempDir()
	os.WriteFile(filepath.Join(place, "mine"), nil, 0o600)
	if _, err := Restore(t.Context(), file, Target{Data: place, File: filepath.Join(place, "igny8.db")}); err == nil || !strings.Contains(err.Error(), "not empty (mine)") {
		t.Errorf("into a folder with something in it: %v", err)
	}
}

func TestAnInterruptedBackupLeavesNothing(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLiteURL(t))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "backup")
	if _, err := Create(over, Source{DB: d, Data: t.TempDir(), Version: "test"}, file); err == nil {
		t.Error("it was made all the same")
	}
	nothingIn(t, filepath.Dir(file))
	whole := saved(t, d, "")
	place := filepath.Join(t.TempDir(), "data")
	if _, err := Restore(over, whole, Target{Data: place, File: filepath.Join(place, "igny8.db")}); err == nil {
		t.Error("it was restored all the same")
	}
	nothingIn(t, place)
	os.MkdirAll(filepath.Join(place, partPrefix+"killed", filesName), 0o700)
	if _, err := Restore(t.Context(), whole, Target{Data: place, File: filepath.Join(place, "igny8.db")}); err != nil {
		t.Errorf("after one that was killed: %v", err)
	}
}

// A dump that breaks in its middle leaves the database empty.
func TestABrokenDumpLeavesThePostgreSQLDatabaseEmpty(t *testing.T) {
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, url)
	file := saved(t, d, url)
	broken := edited(t, file, func(name string, data []byte) []byte {
		if name == postgresName {
			return data[:len(data)-len(data)/4]
		}
		return data
	}, func(*Manifest) {})
	place, target := filepath.Join(t.TempDir(), "data"), dbtest.PostgresURL(t)
	for range 2 { // the second time it is still empty
		if _, err := Restore(t.Context(), broken, Target{Data: place, URL: target}); err == nil || !strings.Contains(err.Error(), "pg_restore") {
			t.Errorf("a broken dump: %v", err)
		}
		nothingIn(t, place)
	}
	if _, err := Restore(t.Context(), file, Target{Data: place, URL: target}); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "data")
	if _, err := Restore(t.Context(), file, Target{Data: elsewhere, URL: target}); err == nil || !strings.Contains(err.Error(), "the database is not empty") {
		t.Errorf("into a full database: %v", err)
	}
	nothingIn(t, elsewhere)
	if _, err := Restore(t.Context(), file, Target{Data: elsewhere, URL: dbtest.PostgresURL(t), Tools: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "--pg-bin") {
		t.Errorf("without tools: %v", err)
	}
}
