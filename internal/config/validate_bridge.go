package config

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// bridge checks the server's section.
func (v *validator) bridge(b *Bridge) {
	v.listener("bridge.listen", b.Listen)
	v.listener("bridge.metrics", b.Metrics)
	if b.Metrics != "" && b.Metrics == b.Listen && !strings.HasSuffix(b.Listen, ":0") {
		v.bad("bridge.metrics", "is the address of listen too")
	}
	if b.BaseURL != "" {
		v.baseURL("bridge.base_url", b.BaseURL)
	}
	v.networks("bridge.trusted_proxies", b.TrustedProxies)
	if b.MaxConnections < 1 {
		v.bad("bridge.max_connections", "must be 1 or more")
	}
	v.notNothing("bridge.retention", b.Retention)
	v.notNothing("bridge.shutdown_time", b.ShutdownTime)
	for _, name := range slices.Sorted(maps.Keys(b.Sources)) {
		v.source("bridge.sources."+name, name, b)
	}
}

// baseURL checks the public address. Some copy it from a provider, with what the bridge adds for each source.
func (v *validator) baseURL(path, text string) {
	v.address(path, text, addressRules{
		example: "https://scim.example.com", user: "providers sign in by what auth of their source says", allowHTTP: true,
	})
	u, err := url.Parse(text)
	if err != nil {
		return
	}
	if at := strings.Index(u.Path+"/", "/scim/"); at >= 0 {
		tail := strings.TrimRight(u.Path[at:], "/")
		u.Path = u.Path[:at]
		v.bad(path, "ends with %s, which the bridge adds for each source: write %s", tail, u)
	}
}

// notNothing refuses a time span of 0.
func (v *validator) notNothing(path string, d Duration) {
	if d == 0 && v.isSet(path) && !v.faultAt(v.place(path)) {
		v.bad(path, "must be more than nothing")
	}
}

// source checks one inbound endpoint.
func (v *validator) source(path, name string, b *Bridge) {
	v.name(path, name)
	s := b.Sources[name]
	for _, client := range slices.Sorted(maps.Keys(s.Auth.Clients)) {
		v.sourceClient(path+".auth.clients."+client, client, s.Auth.Clients[client])
	}
	for _, issuer := range slices.Sorted(maps.Keys(s.Auth.Issuers)) {
		v.sourceIssuer(path+".auth.issuers."+issuer, issuer, s.Auth.Issuers[issuer])
	}
	for _, certificate := range slices.Sorted(maps.Keys(s.Auth.Certificates)) {
		at, c := path+".auth.certificates."+certificate, s.Auth.Certificates[certificate]
		v.name(at, certificate)
		if *c == (SourceCertificate{}) {
			v.bad(at, "accepts nobody: give subject, dns, uri or email")
		}
		if b.TLS == nil || b.TLS.ClientCA == "" {
			v.bad(at, "needs bridge.tls.client_ca, the authorities that client certificates come from")
		}
	}
	v.networks(path+".auth.addresses", s.Auth.Addresses)
	v.sourceLimits(path+".limits", s.Limits)
	if a := s.Auth; !a.Tokens && len(a.Clients)+len(a.Issuers)+len(a.Certificates) == 0 {
		v.bad(path+".auth.tokens", "is false, and nothing else opens the source: give clients, issuers or certificates")
	}
}

func (v *validator) sourceClient(path, name string, c *SourceClient) {
	v.name(path, name)
	if !c.Secret.literal {
		return
	}
	if field := path + ".secret"; v.config.ForbidLiteralSecrets {
		v.bad(field, "stands in the file itself, which forbid_literal_secrets does not allow: write env:NAME or file:PATH")
	} else {
		v.warn(field, "stands in the file itself: write env:NAME or file:PATH, and change the secret, which others may have read")
	}
}

// sourceIssuer checks an issuer. Keys that come over plain HTTP could be anybody's.
func (v *validator) sourceIssuer(path, name string, i *SourceIssuer) {
	v.name(path, name)
	rules := addressRules{
		example: "https://login.microsoftonline.com/TENANT/v2.0", user: "nobody signs in to read keys",
		http: "where anybody could put keys in the place of the issuer's: write https",
	}
	v.address(path+".issuer", i.Issuer, rules)
	rules.example = "https://idp.example.com/keys"
	v.address(path+".keys_url", i.KeysURL, rules)
	if i.Audience == "" && v.isSet(path+".audience") && !v.faultAt(v.place(path+".audience")) {
		v.bad(path+".audience", "is empty")
	}
}

func (v *validator) sourceLimits(path string, l SourceLimits) {
	if !(l.RequestsPerSecond >= 0) {
		v.bad(path+".requests_per_second", "must be 0 (no limit) or more")
	}
	for key, n := range map[string]int{
		"page_size": l.PageSize, "max_page_size": l.MaxPageSize, "body_kib": l.BodyKiB, "group_body_kib": l.GroupBodyKiB,
		"bulk_body_kib": l.BulkBodyKiB, "bulk_operations": l.BulkOperations, "list_members": l.ListMembers,
	} {
		if n < 1 {
			v.bad(path+"."+key, "must be 1 or more")
		}
	}
	if l.Burst < 0 {
		v.bad(path+".burst", "must be 0 (as many as in a second) or more")
	}
	if l.PageSize > l.MaxPageSize {
		v.bad(path+".page_size", "is above max_page_size")
	}
	v.notNothing(path+".request_time", l.RequestTime)
}

// networks checks addresses and networks.
func (v *validator) networks(path string, list []string) {
	for i, text := range list {
		if _, err := ParseNetwork(text); err != nil {
			v.bad(path+"["+strconv.Itoa(i)+"]", "is no address or network: write 192.0.2.7 or 192.0.2.0/24")
		}
	}
}

// ParseNetwork reads a network such as 192.0.2.0/24, or one address as the network of that address alone.
func ParseNetwork(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// listener checks an address to listen on.
func (v *validator) listener(path, address string) {
	if address == "" {
		return
	}
	_, port, err := net.SplitHostPort(address)
	if n, errPort := strconv.Atoi(port); err != nil || errPort != nil || n < 0 || n > 65535 {
		v.bad(path, "is no address to listen on: write host:port, such as 127.0.0.1:8080")
	}
}
