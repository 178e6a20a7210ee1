package tenants

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"
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
	pem, err := readPEM(file)
	if err != nil {
		return fmt.Errorf("read certificate authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return nil
}

func readPEM(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	pem, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(pem) > maxPEM {
		return nil, fmt.Errorf("%s is larger than %d MiB", file, maxPEM>>20)
	}
	return pem, nil
}
