package tenants

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"sacbridge/internal/config"
)

// CheckProxies tells the first tenant of the configuration that would be called through a proxy whose address in the
// environment cannot be used. No message holds the address, which may have a password in it.
func CheckProxies(c *config.Config) error {
	environment := httpproxy.FromEnvironment()
	for _, name := range Names(c) {
		for _, address := range []string{c.Tenants[name].URL, c.Tenants[name].Auth.TokenURL} {
			if err := checkProxy(address, environment); err != nil {
				return fmt.Errorf("tenant %q: %w", name, err)
			}
		}
	}
	return nil
}

// proxySchemes are those that net/http speaks.
var proxySchemes = map[string]bool{"http": true, "https": true, "socks5": true, "socks5h": true}

// checkProxy tells what is wrong with the proxy that an address would be called through. net/http itself takes no
// proxy where it cannot read the variable, without a word.
func checkProxy(address string, environment *httpproxy.Config) error {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		return nil // a fault of the address itself is told elsewhere
	}
	text := environment.HTTPProxy
	if target.Scheme == "https" {
		text = environment.HTTPSProxy
	}
	if text == "" || !needsProxy(target, environment.NoProxy) {
		return nil
	}
	if what := badProxy(text); what != "" {
		variable := strings.ToUpper(target.Scheme) + "_PROXY"
		return fmt.Errorf("the proxy in the environment variable %s (or %s) %s: write it as in http://proxy.example.com:8080, or name %s in NO_PROXY if it needs none",
			variable, strings.ToLower(variable), what, target.Hostname())
	}
	return nil
}

// needsProxy tells whether NO_PROXY leaves an address to the proxy.
func needsProxy(target *url.URL, noProxy string) bool {
	everybody := httpproxy.Config{HTTPProxy: "http://proxy", HTTPSProxy: "http://proxy", NoProxy: noProxy}
	proxy, err := everybody.ProxyFunc()(target)
	return err == nil && proxy != nil
}

// badProxy says what is wrong with the address of a proxy. Without a scheme it is one of http, as net/http has it.
func badProxy(text string) string {
	proxy, err := url.Parse(text)
	if err != nil || proxy.Host == "" {
		proxy, err = url.Parse("http://" + text)
	}
	switch {
	case err != nil:
		return "is no address"
	case !proxySchemes[proxy.Scheme]:
		return "begins with " + proxy.Scheme + ", and " + strings.Join(slices.Sorted(maps.Keys(proxySchemes)), ", ") + " are possible"
	case proxy.Hostname() == "" || proxySchemes[proxy.Hostname()] || strings.Trim(proxy.Path, "/") != "":
		return "has more or less than host and port"
	case proxy.Port() != "" && !validPort(proxy.Port()):
		return "has a port that does not exist"
	}
	return ""
}

func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 1<<16
}
