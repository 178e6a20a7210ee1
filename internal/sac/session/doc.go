// Package session keeps one authenticated HTTP session with a SAC tenant: OAuth token, cookies, CSRF
// token, recovery when any of them is refused, retries of what certainly had no effect, rate and
// concurrency limits, size limits, and the classing of failures. It knows no users and no teams. It
// imports upstream (for the error classes).
package session
