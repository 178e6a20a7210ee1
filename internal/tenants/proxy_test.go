package tenants

import (
	"strings"
	"testing"

	"golang.org/x/net/http/httpproxy"
)

// Trial 5: a malformed proxy was told as an unreachable tenant, at the first call.
func TestAProxyThatCannotBeUsedIsToldByItsVariable(t *testing.T) {
	t.Parallel()
	for proxy, want := range map[string]string{
		"":                                 "",
		"http://proxy.example.com:8080":    "",
		"http://user:secret@proxy:8080/":   "",
		"proxy.example.com:8080":           "",
		"proxy":                            "",
		"socks5://proxy:1080":              "",
		"ftp://proxy:8080":                 "begins with ftp",
		"http:/proxy:8080":                 "has more or less than host and port",
		"http//proxy:8080":                 "has more or less than host and port",
		"http://proxy:99999":               "has a port that does not exist",
		"http://proxy:port":                "has more or less than host and port",
		"http://user:se%cret@proxy:8080":   "is no address",
		"ht tp://user:secret@proxy":        "is no address",
		"http://proxy:8080/http://other/x": "has more or less than host and port",
	} {
		err := checkProxy("https://dev.example.com", &httpproxy.Config{HTTPSProxy: proxy})
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", proxy, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "HTTPS_PROXY (or https_proxy)")):
			t.Errorf("%q: got %v, want %q", proxy, err, want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%q: the password stands in %v", proxy, err)
		}
	}
}

func TestAProxyIsOnlyJudgedForTheAddressesThatNeedIt(t *testing.T) {
	t.Parallel()
	environment := &httpproxy.Config{HTTPSProxy: "ftp://proxy", NoProxy: "dev.example.com"}
	for _, address := range []string{"https://dev.example.com", "http://prod.example.com", "https://localhost:1", "https://127.0.0.1", "no address"} {
		if err := checkProxy(address, environment); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
