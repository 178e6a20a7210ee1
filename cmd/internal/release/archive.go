package main

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"
)

// file is an entry of an archive: a file, or a folder where its mode says so.
type file struct {
	path  string // with slashes
	mode  fs.FileMode
	owner int
	body  []byte
}

// filesBelow reads files and folders below dir, by names relative to it with slashes. None is to be executed.
func filesBelow(dir string, names ...string) ([]file, error) {
	from := os.DirFS(dir)
	var all []file
	for _, name := range names {
		err := fs.WalkDir(from, name, func(at string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			body, err := fs.ReadFile(from, at)
			all = append(all, file{path: at, mode: 0o644, body: body})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// below gives the files in a folder.
func below(folder string, files []file) []file {
	moved := slices.Clone(files)
	for i := range moved {
		moved[i].path = path.Join(folder, moved[i].path)
	}
	return moved
}

func sorted(files []file) []file {
	return slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.path, b.path) })
}

// writeTar writes files in the order of their paths, all of one time.
func writeTar(w io.Writer, files []file, at time.Time) error {
	archive := tar.NewWriter(w)
	for _, f := range sorted(files) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.path, Size: int64(len(f.body)), Mode: int64(f.mode.Perm()), Uid: f.owner, Gid: f.owner, ModTime: at, Format: tar.FormatPAX}
		if f.mode.IsDir() {
			h.Typeflag, h.Name = tar.TypeDir, f.path+"/"
		}
		if f.mode&fs.ModeSticky != 0 {
			h.Mode |= 0o1000
		}
		if err := archive.WriteHeader(h); err != nil {
			return err
		}
		if _, err := archive.Write(f.body); err != nil {
			return err
		}
	}
	return archive.Close()
}

func writeTarGz(w io.Writer, files []file, at time.Time) error {
	packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	return errors.Join(writeTar(packed, files, at), packed.Close())
}

func writeZip(w io.Writer, files []file, at time.Time) error {
	archive := zip.NewWriter(w)
	for _, f := range sorted(files) {
		h := &zip.FileHeader{Name: f.path, Method: zip.Deflate, Modified: at}
		h.SetMode(f.mode)
		entry, err := archive.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.body); err != nil {
			return err
		}
	}
	return archive.Close()
}
