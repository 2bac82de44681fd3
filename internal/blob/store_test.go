package blob

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"igny8"
)

func openTest(t *testing.T) (*Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "blobs")
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, dir
}

func TestFolder(t *testing.T) {
	var s Store
	f, dir := openTest(t)
	s = f
	ctx := context.Background()
	for _, data := range [][]byte{{}, []byte("one"), []byte("two"), bytes.Repeat([]byte("x"), 1<<20), []byte("one")} {
		ref, err := s.Put(ctx, data)
		if err != nil || ref.SHA256 != Hash(data) || ref.Size != int64(len(data)) {
			t.Fatalf("Put = %+v, %v", ref, err)
		}
		got, err := s.Get(ctx, ref.SHA256)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("Get = %d bytes, %v, want what was put", len(got), err)
		}
		info, err := os.Stat(filepath.Join(dir, ref.SHA256[:2], ref.SHA256))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("file: %v, %v, want mode 0600", info, err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*", "tmp-*"))
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	if len(left) != 0 || len(files) != 4 {
		t.Errorf("files = %v, want four and no temporary one", files)
	}
}

func TestFolderRefuses(t *testing.T) {
	f, _ := openTest(t)
	for _, sha := range []string{"", "x", "../../etc/passwd", strings.Repeat("../", 20) + "aaaa", strings.Repeat("0", 64),
		strings.ToUpper(Hash([]byte("one"))), Hash(nil)[:63]} {
		if data, err := f.Get(context.Background(), sha); !errors.Is(err, ErrMissing) {
			t.Errorf("Get(%q) = %d bytes, %v, want ErrMissing", sha, len(data), err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Put(ctx, []byte("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with a dead context = %v", err)
	}
}

func TestFolderSeesDamage(t *testing.T) {
	f, dir := openTest(t)
	ctx := context.Background()
	ref, err := f.Put(ctx, []byte("receipt"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, ref.SHA256[:2], ref.SHA256)
	if err := os.WriteFile(path, []byte("receipT"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(ctx, ref.SHA256); !errors.Is(err, ErrIntegrity) {
		t.Errorf("Get of a damaged file = %v, want ErrIntegrity", err)
	}
	if _, err := f.Put(ctx, []byte("receipt")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(ctx, ref.SHA256); err != nil {
		t.Errorf("putting the bytes again did not repair the file: %v", err)
	}
}

func TestFolderParallel(t *testing.T) {
	f, _ := openTest(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			data := []byte{byte(i % 3)}
			ref, err := f.Put(context.Background(), data)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := f.Get(context.Background(), ref.SHA256); err != nil || !bytes.Equal(got, data) {
				t.Errorf("Get = %v, %v", got, err)
			}
		})
	}
	wg.Wait()
}

func TestFolderThatFails(t *testing.T) {
	f, dir := openTest(t)
	data := []byte("receipt")
	if err := os.WriteFile(filepath.Join(dir, Hash(data)[:2]), nil, 0o600); err != nil { // in the sub-folder's place
		t.Fatal(err)
	}
	if ref, err := f.Put(context.Background(), data); igny8.KindOf(err) != igny8.Unavailable || ref != (Ref{}) {
		t.Errorf("Put on a broken disk = %+v, %v, want Unavailable", ref, err)
	}
}
