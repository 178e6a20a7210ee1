package identity

// Tenant says which tenant a Snapshot came from and how it is set up.
type Tenant struct {
	Name      string `json:"name"`     // as in the configuration
	URL       string `json:"url"`      // scheme and host
	Platform  string `json:"platform"` // PlatformCF or PlatformNEO
	SSO       string `json:"sso"`      // one of the SSO modes
	Namespace string `json:"namespace,omitempty"`
	OnlyV1    bool   `json:"onlyV1,omitempty"` // the configuration keeps to v1 where the platform has v2, too
}

// The platforms that SAC runs on.
const (
	PlatformCF  = "cf" // Cloud Foundry
	PlatformNEO = "neo"
)

// The SSO modes: what the identity provider's name for a person is matched with, so what the login ID is.
const (
	SSODefault = "default" // the tenant's own: the e-mail in v2, the user ID in v1
	SSOUserID  = "userid"
	SSOEmail   = "email"
	SSOCustom  = "custom" // free text
)
