package config

import (
	"path/filepath"
	"strings"
)

// Config is the whole file, with defaults filled in and paths made absolute where they are relative to
// the file. The yaml tags are the keys; "words" lists what a key may say, "default" what it says when it
// is absent, and the comments become the descriptions in the editor schema.
type Config struct {
	// Version of the file's format.
	Version int `yaml:"version" words:"1" required:"true"`
	// File that holds the bridge's people, groups and tokens.
	State string `yaml:"state" default:"sacbridge.db"`
	// File that says who may write to a tenant, and what was learnt about it; programs with different states on one machine share it. Default: the state's name with .leases instead of its extension.
	Leases string `yaml:"leases"`
	// Refuse secrets that stand in the file itself instead of a reference.
	ForbidLiteralSecrets bool `yaml:"forbid_literal_secrets"`
	// Tenants by the name that commands and jobs use.
	Tenants map[string]*Tenant `yaml:"tenants"`
	// Roles that are called differently in different tenants, one row a role: tenant name to role ID.
	Roles []map[string]string `yaml:"roles"`
	// Limits that stop a plan before it starts.
	Guards Guards `yaml:"guards"`
	// What no plan may change.
	Protect Protect `yaml:"protect"`
	// The SCIM server. Only bridge needs it.
	Bridge *Bridge `yaml:"bridge"`
	// Stored syncs by name. Only bridge needs them.
	Jobs map[string]*Job `yaml:"jobs"`

	path string
}

// Tenant is one SAP Analytics Cloud service.
type Tenant struct {
	// Address of the tenant, scheme and host.
	URL string `yaml:"url" required:"true"`
	// Environment that the tenant runs in.
	Platform string `yaml:"platform" words:"cf neo" default:"cf"`
	// How single sign-on maps people.
	SSO string `yaml:"sso" words:"default userid email custom" default:"default"`
	// Content namespace, such as t.DEV.
	Namespace string `yaml:"namespace"`
	// Version of the SCIM API to use.
	API string `yaml:"api" words:"auto 1 2" default:"auto"`
	// OAuth client of the tenant.
	Auth Auth `yaml:"auth" required:"true"`
	// Trust for a tenant behind a private certificate authority.
	TLS TLS `yaml:"tls"`
	// How hard the tenant may be worked.
	Limits Limits `yaml:"limits"`
	// true: deletes ask for the tenant's name to be typed.
	Production bool `yaml:"production"`
	// Allow http:// for an address that is not this machine.
	AllowHTTP bool `yaml:"allow_http"`
	// Settings of people that are created here.
	NewUserDefaults NewUserDefaults `yaml:"new_user_defaults"`
}

// Auth is an OAuth client with the client credentials grant.
type Auth struct {
	// Address that gives tokens: …/oauth/token on cf, …/oauth2/api/v1/token on neo.
	TokenURL string `yaml:"token_url" required:"true"`
	// Client ID: env:NAME, file:PATH or the ID itself.
	ClientID Secret `yaml:"client_id" required:"true"`
	// Client secret: env:NAME or file:PATH.
	ClientSecret Secret `yaml:"client_secret" required:"true"`
}

// TLS says whom to trust.
type TLS struct {
	// PEM file of certificate authorities that are trusted as well as the system's.
	CA string `yaml:"ca"`
}

// Limits say how a tenant's interface may be used.
type Limits struct {
	// Calls side by side.
	Workers int `yaml:"workers" default:"4"`
	// Calls a second; absent: no rate until the tenant asks for one.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Use the Bulk operation where the tenant offers it.
	Bulk bool `yaml:"bulk" default:"true"`
	// Look several entities up in one call.
	BatchLookups bool `yaml:"batch_lookups" default:"true"`
}

// NewUserDefaults are settings that a new person gets where nothing else says so. The values are those
// that script 1001 fills in.
type NewUserDefaults struct {
	// Language of the user interface.
	PreferredLanguage string `yaml:"preferred_language" default:"en"`
	// Language in which data is shown.
	DataAccessLanguage string `yaml:"data_access_language" default:"en"`
	// Form of dates.
	DateFormat string `yaml:"date_format" default:"MMM d, yyyy"`
	// Form of times.
	TimeFormat string `yaml:"time_format" default:"H:mm:ss"`
	// Form of numbers.
	NumberFormat string `yaml:"number_format" default:"1,234.56"`
	// Days after which notifications are cleaned up; 0: never.
	CleanUpNotificationsDays int `yaml:"clean_up_notifications_days"`
	// Send system notifications by e-mail.
	NotifyByEmail bool `yaml:"notify_by_email" default:"true"`
}

// Protect names what no plan may change. The System Owner is always protected.
type Protect struct {
	// User IDs.
	Users []string `yaml:"users"`
	// Team names.
	Teams []string `yaml:"teams"`
	// Role IDs whose links are neither added nor removed.
	Roles []string `yaml:"roles"`
}

// Path is the file that the configuration was read from.
func (c *Config) Path() string { return c.path }

// RunsDir is where transport keeps the journals of its runs: beside the state.
func (c *Config) RunsDir() string { return filepath.Join(filepath.Dir(c.State), "runs") }

// resolvePaths makes paths absolute, relative ones starting at the file's folder.
func (c *Config) resolvePaths() {
	dir := filepath.Dir(c.path)
	abs := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	if c.Leases == "" {
		c.Leases = defaultLeases(c.State)
	}
	c.State, c.Leases = abs(c.State), abs(c.Leases)
	for _, t := range c.Tenants {
		t.TLS.CA = abs(t.TLS.CA)
	}
	if c.Bridge != nil {
		c.Bridge.resolvePaths(abs)
	}
}

// defaultLeases names the lease file of a state.
func defaultLeases(state string) string {
	return strings.TrimSuffix(state, filepath.Ext(state)) + ".leases"
}
