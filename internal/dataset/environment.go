package dataset

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"sacbridge/internal/identity"
)

// Environment is a Postman environment of SAP's sample scripts: the settings of one tenant, or of a
// source and a target for the transport scripts, whose keys have "Source-" and "Target-" in front.
type Environment struct {
	Name           string             // of the file
	Tenant         *EnvironmentTenant // keys without a prefix, nil if there are none
	Source, Target *EnvironmentTenant // nil if there are none
	// MaxErrors is after how many unexpected answers in a row a script gives a row up
	// (abort_after_continous_errors_reaches, spelt so); 3 where it is not set.
	MaxErrors int
	Warnings  []Warning
}

// EnvironmentTenant is one tenant's settings.
type EnvironmentTenant struct {
	URL       string // scheme and host, a port if given, no trailing slash
	TokenURL  string // with the path that the platform has
	Platform  string // "cf" or "neo"
	SSO       string // "default", "userid", "email" or "custom"
	Namespace string // "" where not set: transport environments have none
	// NewUserDefaults are the SCIM_NewUserDefault_ settings by what follows that prefix.
	NewUserDefaults map[string]string
	// ClientID and ClientSecret give what the file holds, which may be a reference ("env:NAME",
	// "file:path"). They are functions so that printing or encoding a tenant shows no secret.
	ClientID     func() string `json:"-"`
	ClientSecret func() string `json:"-"`
}

// The keys that every tenant needs.
const (
	keyService  = "SACserviceFQDN"
	keyToken    = "SACtokenFQDN" //nolint:gosec // the name of a setting, not a token
	keyClient   = "Username"
	keySecret   = "Password"
	keyPlatform = "SACplatform"
	keySSO      = "SAMLSSO"
	keySpace    = "ContentNamespace"
	keyErrors   = "abort_after_continous_errors_reaches"
	keyDefaults = "SCIM_NewUserDefault_"
)

var (
	neededKeys = []string{keyService, keyToken, keyClient, keySecret}
	ssoModes   = []string{identity.SSODefault, identity.SSOUserID, identity.SSOEmail, identity.SSOCustom}
)

// maxEnvironmentBytes is far above the few kilobytes that an environment has.
const maxEnvironmentBytes = 1 << 20

// ReadEnvironment reads a Postman environment file. name is used in messages only. A tenant of which
// any of the four necessary keys is set must have them all; a file without any tenant is refused. The
// error is of type Faults where the content is to blame, and names all keys that are wrong or missing.
func ReadEnvironment(r io.Reader, name string) (*Environment, error) {
	name = filepath.Base(name)
	raw, err := readLimited(r, name, maxEnvironmentBytes)
	if err != nil {
		return nil, err
	}
	text, err := decodeText(raw)
	if err != nil {
		return nil, Faults{{File: name, Line: lineOfBadText(raw), Cause: err.Error()}}
	}
	p := &jsonParser{text: text, file: name, maxDepth: defaultMaxDepth, line: 1}
	root, err := p.document()
	if err != nil {
		return nil, err
	}
	e := &environmentReader{file: name, values: map[string]value{}, warnings: p.warnings}
	if err := e.load(root); err != nil {
		return nil, err
	}
	return e.environment()
}

// environmentReader holds the enabled settings of a file while they are looked at.
type environmentReader struct {
	file     string
	values   map[string]value
	keys     []string // in file order
	faults   Faults
	warnings []Warning
}

func (e *environmentReader) fault(key, format string, args ...any) {
	e.faults = append(e.faults, Fault{File: e.file, Line: e.values[key].line, Field: key, Cause: fmt.Sprintf(format, args...)})
}

func (e *environmentReader) warn(key, format string, args ...any) {
	e.warnings = append(e.warnings, Warning{File: e.file, Line: e.values[key].line, Field: key, Text: fmt.Sprintf(format, args...)})
}

// load takes the enabled settings out of the document. Of a key that is there twice the last one
// counts, as in Postman.
func (e *environmentReader) load(root value) error {
	list, ok := root.field("values")
	if !ok || list.kind != kindList {
		return Faults{{File: e.file, Line: root.line, Cause: `this is no Postman environment: it has no list "values"`}}
	}
	for _, item := range list.list {
		key, _ := item.field("key")
		v, _ := item.field("value")
		if enabled, has := item.field("enabled"); has && enabled.text == "false" || key.text == "" {
			continue
		}
		if v.kind == kindList || v.kind == kindObject {
			return Faults{{File: e.file, Line: v.line, Field: key.text, Cause: fmt.Sprintf("is %s, and a text is wanted", v.kind)}}
		}
		if v.kind == kindNull {
			v.text = ""
		}
		if _, twice := e.values[key.text]; twice {
			e.warn(key.text, "is set a second time on line %d, which counts", item.line)
		}
		v.line = item.line
		e.values[key.text] = v
		e.keys = append(e.keys, key.text)
	}
	return nil
}

// environment makes the result of the settings.
func (e *environmentReader) environment() (*Environment, error) {
	out := &Environment{Name: e.file, MaxErrors: e.maxErrors()}
	out.Tenant = e.tenant("")
	out.Source = e.tenant("Source-")
	out.Target = e.tenant("Target-")
	if out.Tenant == nil && out.Source == nil && out.Target == nil && len(e.faults) == 0 {
		for _, k := range neededKeys {
			e.missing("", k)
		}
	}
	out.Warnings = e.warnings
	if err := e.faults.orNil(); err != nil {
		return nil, err
	}
	return out, nil
}

// knownKeys gives the settings with and without the prefixes of the transport scripts.
func knownKeys() []string {
	var out []string
	for _, prefix := range []string{"", "Source-", "Target-"} {
		for _, k := range slices.Concat(neededKeys, []string{keyPlatform, keySSO, keySpace}) {
			out = append(out, prefix+k)
		}
	}
	return out
}

// missing notes that a necessary key is absent or empty.
func (e *environmentReader) missing(prefix, key string) {
	if _, there := e.values[prefix+key]; there {
		e.fault(prefix+key, "is empty")
		return
	}
	e.fault(prefix+key, "is missing%s", lookalike(prefix+key, e.keys, knownKeys()))
}

// tenant reads the settings with a prefix, nil if none of the necessary ones is set.
func (e *environmentReader) tenant(prefix string) *EnvironmentTenant {
	get := func(key string) string { return e.values[prefix+key].text }
	if !slices.ContainsFunc(neededKeys, func(k string) bool { return get(k) != "" }) {
		return nil
	}
	for _, k := range neededKeys {
		if get(k) == "" {
			e.missing(prefix, k)
		}
	}
	id, secret := get(keyClient), get(keySecret)
	t := &EnvironmentTenant{
		Platform: e.platform(prefix + keyPlatform), SSO: e.sso(prefix + keySSO), Namespace: get(keySpace),
		NewUserDefaults: map[string]string{},
		ClientID:        func() string { return id }, ClientSecret: func() string { return secret },
	}
	t.URL = e.host(prefix + keyService)
	if host := e.host(prefix + keyToken); host != "" {
		t.TokenURL = host + tokenPath(t.Platform)
	}
	for _, k := range e.keys {
		if name, ok := cutDefault(k, prefix); ok {
			t.NewUserDefaults[name] = e.values[k].text
		}
	}
	return t
}

// tokenPath is where a platform's token service answers (the sample scripts know these two).
func tokenPath(platform string) string {
	if platform == identity.PlatformNEO {
		return "/oauth2/api/v1/token"
	}
	return "/oauth/token"
}

// platform reads NEO or CF. As in script 1001 anything else counts as CF with a warning.
func (e *environmentReader) platform(key string) string {
	switch v := e.values[key].text; v {
	case "NEO":
		return identity.PlatformNEO
	case "CF", "":
		return identity.PlatformCF
	default:
		e.warn(key, "unknown platform %q counts as CF, as in the sample scripts: write NEO or CF", v)
		return identity.PlatformCF
	}
}

// sso reads the mode of single sign-on, "default" where it is not set.
func (e *environmentReader) sso(key string) string {
	v := e.values[key].text
	if v == "" {
		return "default"
	}
	if !slices.Contains(ssoModes, v) {
		e.fault(key, "unknown mode %q: write default, userid, email or custom", v)
	}
	return v
}

// maxErrors reads the number of tries.
func (e *environmentReader) maxErrors() int {
	const inScripts = 3
	v := e.values[keyErrors].text
	if v == "" {
		return inScripts
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		e.warn(keyErrors, "%q is no number above 0; %d is used", v, inScripts)
		return inScripts
	}
	return n
}
