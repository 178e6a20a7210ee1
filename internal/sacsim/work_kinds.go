package sacsim

import "sacbridge/internal/sacsim/service"

// The operations that the server answers itself.
const (
	workToken service.WorkKind = "token"
	workCSRF  service.WorkKind = "csrf"
)

// isRead tells the reads that cost a fifth more when they fetch a CSRF token.
func isRead(kind service.WorkKind) bool {
	switch kind {
	case workCSRF, service.WorkGetUser, service.WorkGetTeam, service.WorkNotFound:
		return true
	default:
		return false
	}
}
