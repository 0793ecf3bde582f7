package iguazio

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// OldestVersion is the version of a system that does not tell its version.
const OldestVersion = "3.4.2"

// Identity is what the system says of a login.
type Identity struct {
	// Username is the name of the user.
	Username string
	// UserID is the user's ID, empty before version 3.5.2.
	UserID string
	// TenantID is the ID of the user's tenant.
	TenantID string
	// GroupIDs are the IDs of the user's groups, none before version 3.5.2.
	GroupIDs []string
	// Mode is how the user is authenticated, such as "normal".
	Mode string
}

// Verify tells who is logged in, which is the one way to find out whether an
// access key is good: POST /api/sessions/verifications/planes/any/internal.
func (c *Client) Verify(ctx context.Context) (Identity, error) {
	r := &transport.Request{
		Method: http.MethodPost, Class: transport.Read,
		Path: []string{"api", "sessions", "verifications", "planes", "any", "internal"},
	}
	answer, err := c.exchange(ctx, r)
	if err != nil {
		return Identity{}, err
	}
	var document single // has no ID
	var attributes struct {
		Username string `json:"username"`
		Context  struct {
			Authentication struct {
				UserID   string   `json:"user_id"`
				TenantID string   `json:"tenant_id"`
				GroupIDs []string `json:"group_ids"`
				Mode     string   `json:"mode"`
			} `json:"authentication"`
		} `json:"context"`
	}
	if transport.Decode(answer.Body, &document) != nil || document.Data.attributes(&attributes) != nil || attributes.Username == "" {
		return Identity{}, badAnswer(r)
	}
	shown := attributes.Context.Authentication
	identity := Identity{Username: attributes.Username, UserID: shown.UserID, TenantID: shown.TenantID, Mode: shown.Mode}
	for _, joined := range shown.GroupIDs { // an element may hold several, joined by commas
		for id := range strings.SplitSeq(joined, ",") {
			if id = strings.TrimSpace(id); id != "" {
				identity.GroupIDs = append(identity.GroupIDs, id)
			}
		}
	}
	return identity, nil
}

// Version returns the version of the system, such as "3.5.5", without what
// follows a dash. It asks the nodes igz0 to igz2 in turn, and assumes
// [OldestVersion] if none answers: GET
// /api/tunnel/{node}.version.0/external_versions/{node}.
func (c *Client) Version(ctx context.Context) (string, error) {
	for _, node := range []string{"igz0", "igz1", "igz2"} {
		document, err := c.get(ctx, nil, "api", "tunnel", node+".version.0", "external_versions", node)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Canceled || kind == fault.Unauthenticated) {
			return "", err // another node would say the same
		}
		var attributes struct {
			External string `json:"external"`
		}
		if err == nil && document.Data.attributes(&attributes) == nil && attributes.External != "" {
			version, _, _ := strings.Cut(attributes.External, "-")
			return version, nil
		}
	}
	return OldestVersion, nil
}

// AtLeast reports whether a version, as [Client.Version] returns it, is wanted
// or later. Parts that are no numbers count as 0.
func AtLeast(version, wanted string) bool {
	have, want := strings.Split(version, "."), strings.Split(wanted, ".")
	for i := range want {
		n, _ := strconv.Atoi(want[i])
		m := 0
		if i < len(have) {
			m, _ = strconv.Atoi(have[i])
		}
		if m != n {
			return m > n
		}
	}
	return true
}
