package backup

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// format is the number of this layout of the file.
const format = 1

const (
	manifestName = "manifest.json"
	secretName   = "secret"
	filesName    = "files"
	sqliteName   = "database.sqlite"
	postgresName = "database.pgdump"
	sumLabel     = "sha256:"
	sumLength    = 2 * sha256.Size
	maxManifest  = 256 << 20 // bytes; an entry takes about 150
)

// Manifest says what a backup holds.
type Manifest struct {
	Format    int       `json:"format"`
	Version   string    `json:"version"` // of the program that made it
	CreatedAt time.Time `json:"created_at"`
	Database  string    `json:"database"` // "SQLite 3.51.3", "PostgreSQL 15.8"
	Schema    int64     `json:"schema"`   // the newest step of the migrations
	Entries   []Entry   `json:"entries"`
}

// Entry is one file in a backup.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// SQLite reports whether the database is a file of SQLite.
func (m Manifest) SQLite() bool { return strings.HasPrefix(m.Database, "SQLite") }

// Files is how many files of payments it holds.
func (m Manifest) Files() (n int) {
	for _, e := range m.Entries {
		if strings.HasPrefix(e.Name, filesName+"/") {
			n++
		}
	}
	return n
}

// writer makes the archive and keeps the hashes.
type writer struct {
	zip     *zip.Writer
	entries []Entry
}

// add copies r into the archive. packed content is not compressed once more.
func (w *writer) add(name string, packed bool, r io.Reader) error {
	method := zip.Deflate
	if packed {
		method = zip.Store
	}
	out, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: time.Unix(0, 0).UTC()})
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), r)
	if err != nil {
		return err
	}
	w.entries = append(w.entries, Entry{name, n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// finish writes the manifest, and at the very end room for a sum; see seal.
func (w *writer) finish(m *Manifest) error {
	m.Entries = w.entries
	out, err := w.zip.Create(manifestName)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	if err := e.Encode(m); err != nil {
		return err
	}
	if err := w.zip.SetComment(sumLabel + strings.Repeat("0", sumLength)); err != nil {
		return err
	}
	return w.zip.Close()
}

// seal puts the sum of all bytes before it at the end of the file.
func seal(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sum, err := sumOf(f, info.Size())
	if err == nil {
		_, err = f.WriteAt([]byte(sum), info.Size()-sumLength)
	}
	return err
}

func sumOf(f *os.File, size int64) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size-sumLength)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// damage is what is wrong with a backup.
type damage []string

// Error names the first three faults.
func (d damage) Error() string {
	shown := strings.Join(d[:min(3, len(d))], "; ")
	if len(d) > 3 {
		shown += fmt.Sprintf("; and %d more", len(d)-3)
	}
	return "the backup is damaged: " + shown
}

// Damaged reports whether an error says that the backup is not as it was made.
func Damaged(err error) bool { return errors.As(err, new(damage)) }

// reader is an open backup whose manifest was read.
type reader struct {
	file     *os.File
	zip      *zip.Reader
	size     int64
	Manifest Manifest
}

func open(path string) (*reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &reader{file: f}
	if err := r.read(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func (r *reader) read() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	r.size = info.Size()
	if r.zip, err = zip.NewReader(r.file, r.size); err != nil {
		return damage{"it is no archive, or was cut off (" + err.Error() + ")"}
	}
	m, err := r.zip.Open(manifestName)
	if err != nil {
		return damage{manifestName + " is missing"}
	}
	defer m.Close()
	data, err := io.ReadAll(io.LimitReader(m, maxManifest))
	if err == nil {
		err = json.Unmarshal(data, &r.Manifest)
	}
	if err != nil {
		return damage{manifestName + ": " + err.Error()}
	}
	if r.Manifest.Format != format {
		return fmt.Errorf("the backup has format %d, and this igny8 reads format %d: use the igny8 that made it (%s), or a newer one",
			r.Manifest.Format, format, r.Manifest.Version)
	}
	return nil
}

// check compares all bytes with their sums. The context ends it.
func (r *reader) check(ctx context.Context) error {
	var found damage
	there := map[string]bool{manifestName: true}
	for _, e := range r.Manifest.Entries {
		there[e.Name] = true
		if err := r.copy(ctx, e, io.Discard); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			found = append(found, err.Error())
		}
	}
	for _, f := range r.zip.File {
		if !there[f.Name] {
			found = append(found, f.Name+" is not in the manifest")
		}
	}
	if len(found) == 0 {
		if err := r.checkWhole(); err != nil {
			found = append(found, err.Error())
		}
	}
	slices.Sort(found)
	if len(found) > 0 {
		return found
	}
	return nil
}

// checkWhole compares the sum at the end with that of all before it.
func (r *reader) checkWhole() error {
	sum, err := sumOf(r.file, r.size)
	if err != nil {
		return err
	}
	if r.zip.Comment != sumLabel+sum {
		return errors.New("the sum at the end is not that of the file")
	}
	return nil
}

// copy writes an entry out, and fails when it is not as the manifest says.
func (r *reader) copy(ctx context.Context, e Entry, to io.Writer) error {
	if !fs.ValidPath(e.Name) {
		return fmt.Errorf("%q is no name of a file", e.Name)
	}
	f, err := r.zip.Open(e.Name)
	if err != nil {
		return fmt.Errorf("%s is missing", e.Name)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(&patient{ctx, f}, e.Size+1))
	if err == nil && (n != e.Size || hex.EncodeToString(sum.Sum(nil)) != e.SHA256) {
		err = errors.New("its bytes are not those of the manifest")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.Name, err)
	}
	return nil
}

// patient is a reader that ends with its context.
type patient struct {
	ctx context.Context
	r   io.Reader
}

// Read reads unless the context is over.
func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// Verify looks whether a backup is as it was made. An error that is Damaged says
// what is not.
func Verify(ctx context.Context, path string) (Manifest, error) {
	r, err := open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer r.file.Close()
	return r.Manifest, r.check(ctx)
}
