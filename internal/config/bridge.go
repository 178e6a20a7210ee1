package config

import "strings"

// Bridge is the SCIM server.
type Bridge struct {
	// Address to listen on.
	Listen string `yaml:"listen" default:"127.0.0.1:8080"`
	// Public address under which identity providers reach the server; absent: the address it listens on.
	BaseURL string `yaml:"base_url"`
	// Address of the metrics listener; absent: none.
	Metrics string `yaml:"metrics"`
	// Serve HTTPS with a certificate from files. Absent: plain HTTP, for a proxy in front.
	TLS *ServerTLS `yaml:"tls"`
	// Addresses or networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies Words `yaml:"trusted_proxies"`
	// Connections that may be open at once; above it the one that has waited longest without a request is closed.
	MaxConnections int `yaml:"max_connections" default:"20000"`
	// How long deleted people and groups can be restored and the history is kept.
	Retention Duration `yaml:"retention" default:"30d"`
	// How long requests in hand may take to end when the server stops.
	ShutdownTime Duration `yaml:"shutdown_time" default:"20s"`
	// Log every request; writes and refused credentials are logged in any case.
	AccessLog bool `yaml:"access_log" default:"true"`
	// Inbound SCIM endpoints by name; one called entra is served under /scim/entra/v2.
	Sources map[string]*Source `yaml:"sources"`
}

// ServerTLS is the certificate of the SCIM server. The files are read again when they change.
type ServerTLS struct {
	// PEM file of the certificate, followed by those of its issuers.
	Cert string `yaml:"cert" required:"true"`
	// PEM file of the private key.
	Key string `yaml:"key" required:"true"`
	// PEM file of the authorities whose client certificates are accepted.
	ClientCA string `yaml:"client_ca"`
}

// Source is an inbound SCIM endpoint.
type Source struct {
	// Identity provider whose ways are followed; absent: every tolerant reading that does not contradict the RFC.
	Profile string `yaml:"profile" words:"default entra okta ips strict" default:"default"`
	// Single switches of the profile, set otherwise.
	Switches map[string]bool `yaml:"switches"`
	// Who may use the endpoint.
	Auth SourceAuth `yaml:"auth"`
	// How hard the endpoint may be worked.
	Limits SourceLimits `yaml:"limits"`
}

// SourceAuth says who may use a source. Any method that accepts a request is enough; the address list
// holds for all of them.
type SourceAuth struct {
	// Accept tokens made by the command `token new`.
	Tokens bool `yaml:"tokens" default:"true"`
	// OAuth clients by name, for the client credentials grant at /scim/SOURCE/oauth/token.
	Clients map[string]*SourceClient `yaml:"clients"`
	// Issuers of signed tokens by name.
	Issuers map[string]*SourceIssuer `yaml:"issuers"`
	// Client certificates by name. They need bridge.tls.client_ca.
	Certificates map[string]*SourceCertificate `yaml:"certificates"`
	// Addresses or networks that may use the endpoint; absent: all.
	Addresses Words `yaml:"addresses"`
}

// SourceClient is an OAuth client of a source.
type SourceClient struct {
	// Client ID; absent: the name.
	ID string `yaml:"id"`
	// Client secret: env:NAME or file:PATH.
	Secret Secret `yaml:"secret" required:"true"`
}

// SourceIssuer is another party whose signed tokens (JWT) open a source.
type SourceIssuer struct {
	// Issuer as its tokens name it; its key set is found from there.
	Issuer string `yaml:"issuer" required:"true"`
	// Audience that a token must be made for.
	Audience string `yaml:"audience" required:"true"`
	// Address of the key set; absent: what the issuer's discovery document says.
	KeysURL string `yaml:"keys_url"`
	// Subjects or client IDs that are accepted; absent: all of the issuer's.
	Subjects Words `yaml:"subjects"`
	// PEM file of certificate authorities that are trusted as well as the system's.
	CA string `yaml:"ca"`
}

// SourceCertificate describes a client certificate. All that is given has to match.
type SourceCertificate struct {
	// Distinguished name as RFC 2253 writes it, such as CN=hr,O=Example.
	Subject string `yaml:"subject"`
	// DNS name among the alternative names.
	DNS string `yaml:"dns"`
	// URI among the alternative names.
	URI string `yaml:"uri"`
	// E-mail address among the alternative names.
	Email string `yaml:"email"`
}

// SourceLimits bound what a source takes.
type SourceLimits struct {
	// Requests a second; absent: no limit.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	// Requests at once under that rate; absent: as many as in a second.
	Burst int `yaml:"burst"`
	// Entries of a page where the client does not say.
	PageSize int `yaml:"page_size" default:"100"`
	// Largest page.
	MaxPageSize int `yaml:"max_page_size" default:"1000"`
	// Largest body of a user, a PATCH or a search, in KiB.
	BodyKiB int `yaml:"body_kib" default:"1024"`
	// Largest body of a group with its members, in KiB.
	GroupBodyKiB int `yaml:"group_body_kib" default:"65536"`
	// Largest Bulk request, in KiB.
	BulkBodyKiB int `yaml:"bulk_body_kib" default:"16384"`
	// Operations of a Bulk request.
	BulkOperations int `yaml:"bulk_operations" default:"1000"`
	// Time for reading a request and working on it.
	RequestTime Duration `yaml:"request_time" default:"1m"`
	// Members of one group shown in a list; a group with more is shown without.
	ListMembers int `yaml:"list_members" default:"10000"`
}

// SocketPath is where a running bridge listens for the other commands of its machine.
func (c *Config) SocketPath() string { return c.State + ".sock" }

// resolvePaths makes the paths of the section absolute, and takes the slashes off the end of the base URL: what is put
// behind it begins with one.
func (b *Bridge) resolvePaths(abs func(string) string) {
	b.BaseURL = strings.TrimRight(b.BaseURL, "/")
	if b.TLS != nil {
		b.TLS.Cert, b.TLS.Key, b.TLS.ClientCA = abs(b.TLS.Cert), abs(b.TLS.Key), abs(b.TLS.ClientCA)
	}
	for _, s := range b.Sources {
		for _, issuer := range s.Auth.Issuers {
			issuer.CA = abs(issuer.CA)
		}
	}
}
