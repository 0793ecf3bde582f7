package iguazio

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// logIn is the login of the session. An access key is not sent anywhere to
// log in; once it is refused there is nothing more to try.
func (c *Client) logIn(ctx context.Context, refused *transport.Grant) (*transport.Grant, error) {
	credential, err := c.credential(ctx)
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); ok {
			return nil, err
		}
		return nil, &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: err}
	}
	if credential.AccessKey == "" {
		return c.openSession(ctx, credential.Username, credential.Password)
	}
	grant := keyGrant(credential.Username, credential.AccessKey)
	if refused != nil && refused.Secrets[0] == grant.Secrets[0] {
		return nil, fault.New(fault.Unauthenticated, "the access key was refused and there is no other")
	}
	return grant, nil
}

// keyGrant returns what authenticates with an access key: the cookie that a
// session has, and basic authentication if it is said whose key it is.
func keyGrant(username, key string) *transport.Grant {
	grant := cookieGrant(sessionCookie(key))
	grant.Secrets = append([]string{key}, grant.Secrets...)
	if username != "" {
		basic := base64.StdEncoding.EncodeToString([]byte(username + ":" + key))
		grant.Header["Authorization"] = []string{"Basic " + basic}
		grant.Secrets = append(grant.Secrets, basic)
	}
	return grant
}

// sessionCookie returns the cookie of a session or an access key. It is
// encoded because the package net/http would take quotes out.
func sessionCookie(id string) string {
	return url.QueryEscape(`j:{"sid":"` + id + `"}`)
}

func cookieGrant(cookie string) *transport.Grant {
	return &transport.Grant{Header: http.Header{"Cookie": {"session=" + cookie}}, Secrets: []string{cookie}, Issued: time.Now()}
}

type loginAttributes struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Plane    string `json:"plane"`
}

// openSession logs in with a password: POST /api/sessions. It is sent again
// after a lost answer: that there is one session more does no harm.
func (c *Client) openSession(ctx context.Context, username, password string) (*transport.Grant, error) {
	data, err := newBody(typeSession, loginAttributes{username, password, "control"}, nil)
	if err != nil {
		return nil, err
	}
	r := &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "sessions"}, Class: transport.Read, Body: data,
		Anonymous: true, Secrets: []string{password},
	}
	answer, err := c.exchange(ctx, r)
	if err != nil {
		return nil, err
	}
	var document single
	var attributes struct {
		TTL number `json:"ttl"`
	}
	if len(answer.Body) > 0 && (transport.Decode(answer.Body, &document) != nil || document.Data.attributes(&attributes) != nil) {
		return nil, badAnswer(r)
	}
	cookie, lifetime := readCookie(answer.Header)
	if cookie == "" && document.Data.ID != "" {
		cookie = sessionCookie(document.Data.ID)
	}
	if cookie == "" {
		return nil, fault.New(fault.Internal, "the server answered a login without a session")
	}
	if lifetime == 0 {
		lifetime = time.Duration(attributes.TTL) * time.Second
	}
	grant := cookieGrant(cookie)
	if id := sessionID(cookie); id != "" {
		grant.Secrets = append(grant.Secrets, id)
	}
	if lifetime > 0 {
		grant.Expires = grant.Issued.Add(lifetime)
	}
	return grant, nil
}

// readCookie returns the value of the session cookie that an answer sets, as
// it is, and how long it lives, 0 if that is not told. The package net/http
// would drop one that is not encoded.
func readCookie(header http.Header) (value string, lifetime time.Duration) {
	for _, line := range header.Values("Set-Cookie") {
		pair, rest, _ := strings.Cut(line, ";")
		name, text, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if name != "session" || text == "" {
			continue
		}
		for attribute := range strings.SplitSeq(rest, ";") {
			name, age, _ := strings.Cut(strings.TrimSpace(attribute), "=")
			seconds, err := strconv.ParseUint(age, 10, 31)
			if strings.EqualFold(name, "Max-Age") && err == nil {
				lifetime = time.Duration(seconds) * time.Second
			}
		}
		return text, lifetime
	}
	return "", 0
}

// sessionID returns the ID in a session cookie, empty if it has another form.
func sessionID(cookie string) string {
	text, err := url.PathUnescape(cookie)
	if err != nil {
		return ""
	}
	var content struct {
		ID string `json:"sid"`
	}
	object, found := strings.CutPrefix(text, "j:")
	if !found || transport.Decode([]byte(object), &content) != nil {
		return ""
	}
	return content.ID
}
