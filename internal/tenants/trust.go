package tenants

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// maxPEM is far above any list of certificate authorities.
const maxPEM = 8 << 20

// Trust gives the system's certificate authorities and those of some PEM files. It gives nil, which means the
// system's, where no file is named; empty names count as none.
func Trust(files ...string) (*x509.CertPool, error) {
	var pool *x509.CertPool
	for _, file := range files {
		if file == "" {
			continue
		}
		if pool == nil {
			pool = systemPool()
		}
		if err := AddAuthorities(pool, file); err != nil {
			return nil, err
		}
	}
	return pool, nil
}

// systemPool gives the system's authorities; none where the system does not tell them.
func systemPool() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return x509.NewCertPool()
	}
	return pool
}

// AddAuthorities adds the certificate authorities of a PEM file to pool.
func AddAuthorities(pool *x509.CertPool, file string) error {
	text, err := readPEM(file)
	if err != nil {
		return fmt.Errorf("read certificate authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return nil
}

// SoonExpired is how long before its end a certificate is worth a warning.
const SoonExpired = 30 * 24 * time.Hour

// CheckAuthorities looks at a PEM file of certificate authorities: it fails where the file trusts nobody, and warns of
// authorities that have expired or are about to.
func CheckAuthorities(file string, now time.Time) (warnings []string, err error) {
	text, err := readPEM(file)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	found, valid := 0, 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue
		}
		found++
		end := c.NotAfter.UTC().Format(time.DateOnly)
		switch {
		case now.After(c.NotAfter):
			warnings = append(warnings, fmt.Sprintf("the authority %s of %s expired on %s", c.Subject, file, end))
			continue
		case c.NotAfter.Sub(now) < SoonExpired:
			warnings = append(warnings, fmt.Sprintf("the authority %s of %s expires on %s", c.Subject, file, end))
		}
		valid++
	}
	switch {
	case found == 0:
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	case valid == 0:
		return nil, fmt.Errorf("every authority of %s has expired: %s", file, strings.Join(warnings, "; "))
	}
	return warnings, nil
}

func readPEM(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(text) > maxPEM {
		return nil, fmt.Errorf("%s is larger than %d MiB", file, maxPEM>>20)
	}
	return text, nil
}
