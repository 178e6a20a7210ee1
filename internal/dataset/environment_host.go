package dataset

import (
	"net"
	"net/url"
	"strings"
)

// cutDefault gives what follows "SCIM_NewUserDefault_" in a key, which may have the tenant's prefix or
// none, since transport environments share these settings.
func cutDefault(key, prefix string) (string, bool) {
	if name, ok := strings.CutPrefix(key, prefix+keyDefaults); ok && name != "" {
		return name, true
	}
	name, ok := strings.CutPrefix(key, keyDefaults)
	return name, ok && name != ""
}

// host reads a host name, which people give with and without "https://" and a slash at the end, as
// scheme://host[:port]. Plain http is for loopback addresses only, where the simulated tenant listens.
func (e *environmentReader) host(key string) string {
	text := strings.TrimSpace(e.values[key].text)
	if text == "" {
		return ""
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " <>{}") {
		e.fault(key, "is no host name: write it as in tenant.eu10.sapanalytics.cloud")
		return ""
	}
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		e.fault(key, "has more than a host name: write %s", u.Host)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		e.fault(key, "is http, which would send the credentials in clear: write https://%s", u.Host)
	case u.Scheme != "https" && u.Scheme != "http":
		e.fault(key, "begins with %s://: write https://%s", u.Scheme, u.Host)
	default:
		return u.Scheme + "://" + u.Host
	}
	return ""
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
