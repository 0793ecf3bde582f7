package iguazio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The planes of sessions.
const (
	controlPlane = "control"
	dataPlane    = "data"
)

// session is what a session cookie stands for: a login or an access key.
type session struct {
	id         string
	owner      *user
	planes     []string
	expires    time.Time
	attributes attributes // of an access key, else nil
}

func (s *session) reference() ref { return ref{"access_key", s.id} }
func (s *session) name() string   { return s.id }

// errNoSession is the answer to whoever is not logged in.
func errNoSession() error {
	return errorf(http.StatusUnauthorized, "Session is missing, invalid or expired")
}

// authenticate returns the session that a request has. A Basic header beside
// the cookie has to say the same.
func (s *Server) authenticate(r *http.Request, needs access) (*session, error) {
	found := s.sessions[sessionID(r.Header)]
	if found == nil || s.ended(found) {
		return nil, errNoSession()
	}
	if needs != anyPlane && !slices.Contains(found.planes, controlPlane) {
		return nil, errNoSession()
	}
	if r.Header.Get("Authorization") != "" {
		name, key, ok := r.BasicAuth()
		if !ok || key != found.id || s.loginName(name) != found.owner.name() {
			return nil, errNoSession()
		}
	}
	return found, nil
}

// ended reports whether a session cannot be used any more.
func (s *Server) ended(session *session) bool {
	_, exists := s.users.byID[session.owner.id]
	disabled := s.opts.Alternatives.DisabledSessionsEnd && session.owner.disabled()
	return !exists || disabled || !session.expires.After(s.time())
}

// sessionID returns the session ID of the first session cookie, raw or
// percent-encoded. It does not use net/http, whose cookies cannot hold quotes.
func sessionID(header http.Header) string {
	for _, line := range header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			value, ok := strings.CutPrefix(strings.TrimSpace(cookie), "session=")
			if !ok {
				continue
			}
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			var content struct {
				SID string `json:"sid"`
			}
			text, ok := strings.CutPrefix(value, "j:")
			if ok && json.Unmarshal([]byte(text), &content) == nil {
				return content.SID
			}
			return ""
		}
	}
	return ""
}

// loginName returns the user name of a login, which may be followed by the
// name of the tenant.
func (s *Server) loginName(login string) string {
	if s.users.byName[login] == nil {
		if name, ok := strings.CutSuffix(login, "@"+s.opts.Tenant); ok {
			return name
		}
	}
	return login
}

// logIn serves POST /api/sessions.
func (s *Server) logIn(c call) (*answer, error) {
	in, err := c.decode("session")
	if err != nil {
		return nil, err
	}
	plane := in.Attributes.text("plane")
	if plane == "" {
		plane = controlPlane
	}
	owner := s.users.byName[s.loginName(in.Attributes.text("username"))]
	if owner == nil || owner.password == "" || owner.password != in.Attributes.text("password") {
		return nil, errorf(s.opts.Alternatives.LoginRefusedStatus, "Invalid username or password")
	}
	if owner.disabled() {
		return nil, errorf(s.opts.Alternatives.LoginRefusedStatus, "User is disabled")
	}
	opened := &session{
		id: s.newID("session"), owner: owner, planes: []string{controlPlane, dataPlane}, expires: s.time().Add(s.opts.SessionTTL),
	}
	s.sessions[opened.id] = opened
	ttl := int64(s.opts.SessionTTL / time.Second)
	shown := &resource{Type: "session", ID: opened.id, Attributes: attributes{}}
	set(shown.Attributes, "username", owner.name())
	set(shown.Attributes, "plane", plane)
	set(shown.Attributes, "interface_kind", "web")
	set(shown.Attributes, "ttl", ttl)
	set(shown.Attributes, "expires_at", opened.expires.Unix())
	shown.Attributes["uid"] = owner.attributes["uid"]
	shown.relate("tenant", s.tenant())
	shown.relate("user", linkage{refs: []ref{owner.reference()}})
	reply := whole(s.opts.Alternatives.LoginStatus, shown)
	reply.header = http.Header{"Set-Cookie": {
		fmt.Sprintf("session=%s; Max-Age=%d; Path=/; HttpOnly", url.QueryEscape(`j:{"sid":"`+opened.id+`"}`), ttl),
	}}
	return reply, nil
}

// logOut serves DELETE /api/sessions/<id>. An access key is no session.
func (s *Server) logOut(c call) (*answer, error) {
	id := c.params[0]
	ending := s.sessions[id]
	if s.opts.Alternatives.NoLogout || ending == nil || ending.owner != c.caller || ending.attributes != nil {
		return nil, errorf(http.StatusNotFound, "Session was not found")
	}
	delete(s.sessions, id)
	return &answer{status: http.StatusNoContent}, nil
}

// verifyData serves the verifications of the data plane.
func (s *Server) verifyData(c call) (*answer, error) {
	if !slices.Contains(c.session.planes, dataPlane) {
		return nil, errNoSession()
	}
	return s.verify(c)
}

// verify serves POST /api/sessions/verifications/planes/any/internal.
func (s *Server) verify(c call) (*answer, error) {
	type authentication struct {
		UserID   string   `json:"user_id,omitempty"`
		TenantID string   `json:"tenant_id"`
		GroupIDs []string `json:"group_ids,omitempty"`
		Mode     string   `json:"mode"`
	}
	type verification struct {
		ID             string         `json:"id"`
		Authentication authentication `json:"authentication"`
	}
	known := verification{ID: strconv.FormatUint(s.random.Uint64(), 10), Authentication: authentication{TenantID: s.tenantID, Mode: "normal"}}
	joined := strings.Join(c.caller.groups, ",")
	if s.atLeast("3.5.2") {
		known.Authentication.UserID = c.caller.id
		known.Authentication.GroupIDs = c.caller.groups
		if s.opts.Alternatives.JoinedGroupIDs {
			known.Authentication.GroupIDs = []string{joined}
		}
	}
	text, err := json.Marshal(known)
	if err != nil {
		return nil, err
	}
	shown := &resource{Type: "session_verification", Attributes: attributes{"context": text}}
	set(shown.Attributes, "username", c.caller.name())
	uid := string(c.caller.attributes["uid"])
	if uid == "" {
		uid = "Unknown"
	}
	reply := one(http.StatusOK, shown)
	reply.header = http.Header{
		"X-Remote-User":         {c.caller.name()},
		"X-V3io-Session-Key":    {c.session.id},
		"X-User-Id":             {c.caller.id},
		"X-User-Group-Ids":      {joined},
		"X-V3io-Session-Planes": {strings.Join(slices.Sorted(slices.Values(c.session.planes)), ",")},
		"X-Unix-Uid":            {uid},
	}
	return reply, nil
}

// externalVersion serves GET /api/tunnel/<node>.version.0/external_versions/<node>.
func (s *Server) externalVersion(c call) (*answer, error) {
	service, node := c.params[0], c.params[1]
	if service != node+".version.0" || !slices.Contains(s.opts.VersionNodes, node) {
		return nil, errorf(http.StatusNotFound, "Service %s was not found", service)
	}
	internal, _, _ := strings.Cut(s.opts.Version, "-")
	shown := &resource{Type: "external_version", ID: node, Attributes: attributes{}}
	set(shown.Attributes, "external", s.opts.Version)
	set(shown.Attributes, "internal", internal)
	return one(http.StatusOK, shown), nil
}
