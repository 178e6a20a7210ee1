package listener

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// Certificates serves TLS settings that are made from files, and makes them again where the files have changed. New files
// that cannot be used are reported, and the old settings go on serving. It is safe for concurrent use.
type Certificates struct {
	load  func() (*tls.Config, error)
	files []string
	log   *slog.Logger
	now   func() time.Time

	mu       sync.Mutex
	checked  time.Time
	versions []fileVersion
	current  *tls.Config
}

// fileVersion tells two versions of a file apart.
type fileVersion struct {
	changed time.Time
	size    int64
}

// checkInterval is how often the files are looked at; a renewed certificate serves after that time at the latest.
const checkInterval = time.Second

// NewCertificates serves what load makes of files, of which some may be "".
func NewCertificates(load func() (*tls.Config, error), files []string, log *slog.Logger, now func() time.Time) (*Certificates, error) {
	c := &Certificates{load: load, files: files, log: log, now: now, checked: now(), versions: versionsOf(files)}
	var err error
	c.current, err = load()
	return c, err
}

// Config is what a server is given.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.get(), nil },
	}
}

func (c *Certificates) get() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.checked) < checkInterval {
		return c.current
	}
	c.checked = now
	versions := versionsOf(c.files)
	if slices.Equal(versions, c.versions) {
		return c.current
	}
	fresh, err := c.load()
	if err != nil {
		// The key may be written a moment after the certificate, so the pair is tried again at the next check.
		c.log.Warn("the new certificate cannot be used, the old one goes on serving", "cause", err.Error())
		return c.current
	}
	c.current, c.versions = fresh, versions
	c.log.Info("certificate read again")
	return c.current
}

// versionsOf looks at the files; one that is missing has the zero version.
func versionsOf(files []string) []fileVersion {
	out := make([]fileVersion, len(files))
	for i, name := range files {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err == nil {
			out[i] = fileVersion{changed: info.ModTime(), size: info.Size()}
		} else if !errors.Is(err, os.ErrNotExist) {
			out[i] = fileVersion{size: -1}
		}
	}
	return out
}
