package identity

import "time"

// User is a person as SAC knows one, free of any wire format. User IDs are compared exactly (SAC
// writes them in upper case), e-mails and login IDs by [Fold].
type User struct {
	UserID  string `json:"userId"`            // what SAC shows as User ID: v1 id, v2 userName
	LoginID string `json:"loginId,omitempty"` // the SSO mapping: v1 userName, v2 idpUserId
	Email   string `json:"email,omitempty"`
	Ref     string `json:"ref,omitempty"` // the tenant's own key (v2 UUID); empty where only v1 was read

	GivenName   string `json:"givenName,omitempty"`
	FamilyName  string `json:"familyName,omitempty"`
	DisplayName string `json:"displayName,omitempty"`

	Active     bool     `json:"active"`
	Concurrent bool     `json:"concurrent,omitempty"` // BI licence: true = concurrent session, false = named user
	Language   string   `json:"language,omitempty"`   // preferredLanguage
	Settings   Settings `json:"settings"`

	Manager    string   `json:"manager,omitempty"` // user ID; empty = none
	Photos     []string `json:"photos,omitempty"`  // URLs, empty values left out
	ExternalID string   `json:"externalId,omitempty"`

	Roles []string `json:"roles,omitempty"` // role IDs "PROFILE:<namespace>:<name>", sorted, directly assigned ones only
	Teams []string `json:"teams,omitempty"` // names of the teams the person is in, sorted; read-only in every API version

	Created time.Time `json:"created,omitzero"`
}

// Settings are a person's display preferences (the SAC user-custom-parameters extension).
type Settings struct {
	DataLanguage  string `json:"dataLanguage,omitempty"`
	DateFormat    string `json:"dateFormat,omitempty"`
	TimeFormat    string `json:"timeFormat,omitempty"`
	NumberFormat  string `json:"numberFormat,omitempty"`
	CleanUpDays   int    `json:"cleanUpDays,omitempty"` // days after which notifications are cleaned up; 0 = never
	NotifyByEmail bool   `json:"notifyByEmail,omitempty"`
}
