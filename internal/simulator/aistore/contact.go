package aistore

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

const (
	// clusterTimeout bounds one request to a cluster.
	clusterTimeout = 5 * time.Second
	// ownTokenAge is the life of the tokens that the server signs for itself.
	ownTokenAge = 5 * time.Minute
)

// tokenList is how clusters are told about revoked tokens.
type tokenList struct {
	Tokens  []string `json:"tokens"`
	Version string   `json:"version"`
}

// introduceTo shows a cluster how to check tokens. The server is unlocked
// while it waits.
func (s *Server) introduceTo(ctx context.Context, cluster Cluster) error {
	var keys authConfig
	if err := s.signer.introduce(&keys); err != nil {
		return storeFailure(err)
	}
	body, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	send, err := s.prepare(http.MethodPost, cluster, body, "validate-signer")
	if err != nil {
		return err
	}
	return s.unlocked(func() error { return send(ctx) })
}

// sendRevoked tells a cluster which tokens were revoked and would be good
// otherwise, if there are any. The server is unlocked while it waits.
func (s *Server) sendRevoked(ctx context.Context, cluster Cluster) error {
	revoked := []string{}
	for _, token := range slices.Sorted(maps.Keys(s.revoked)) {
		if _, err := s.verify(token); err == nil {
			revoked = append(revoked, token)
		}
	}
	if len(revoked) == 0 {
		return nil
	}
	send, err := s.prepareRevocation(cluster, revoked, "sync-tokens")
	if err != nil {
		return err
	}
	return s.unlocked(func() error { return send(ctx) })
}

// announceRevoked tells all clusters about a revoked token in the background.
// Nobody learns whether it worked.
func (s *Server) announceRevoked(token string) {
	for _, cluster := range s.clustersToNotify() {
		send, err := s.prepareRevocation(cluster, []string{token}, "broadcast-revoked")
		if err != nil {
			return
		}
		s.background.Go(func() { _ = send(s.lifetime) })
	}
}

func (s *Server) prepareRevocation(cluster Cluster, tokens []string, purpose string) (func(context.Context) error, error) {
	body, err := json.Marshal(tokenList{Tokens: tokens, Version: "0"})
	if err != nil {
		return nil, err
	}
	return s.prepare(http.MethodDelete, cluster, body, purpose)
}

// prepare returns the function that sends body to the first URL of the cluster
// that takes it. With no URLs it does nothing.
func (s *Server) prepare(method string, cluster Cluster, body []byte, purpose string) (func(context.Context) error, error) {
	now := s.time()
	token, err := signToken(s.signer, claims{
		Admin: true, Issuer: s.externalURL, Subject: "AuthN", Audience: []string{cluster.ID},
		ExpiresAt: now.Add(ownTokenAge).Unix(), IssuedAt: now.Unix(),
	})
	if err != nil {
		return nil, storeFailure(err)
	}
	return func(ctx context.Context) error {
		var failure error
		for _, address := range cluster.URLs {
			refusal := s.send(ctx, method, address+"/v1/tokens", token, body)
			if refusal == nil {
				return nil
			}
			failure = errorf(refusal.status, "failed to %s with %s: %s", purpose, cluster.label(), refusal.message)
		}
		return failure
	}, nil
}

// send makes one request to a cluster. Of the cluster's statuses only 503
// reaches the caller; everything else that goes wrong is a 400.
func (s *Server) send(ctx context.Context, method, address, token string, body []byte) *apiError {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return errorf(http.StatusBadRequest, "%s", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(req)
	if err != nil {
		return errorf(http.StatusBadRequest, "%s", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return errorf(http.StatusBadRequest, "%s", err)
	}
	switch {
	case resp.StatusCode == http.StatusServiceUnavailable:
		return errorf(resp.StatusCode, "503 Service Unavailable: retriable soft error")
	case resp.StatusCode >= http.StatusBadRequest:
		return errorf(http.StatusBadRequest, "%s", clusterMessage(method, answer))
	}
	return nil
}

// clusterMessage returns what a cluster said when it refused.
func clusterMessage(method string, body []byte) string {
	var said struct {
		TypeCode string `json:"tcode"`
		Message  string `json:"message"`
	}
	switch err := json.Unmarshal(body, &said); {
	case len(body) == 0:
		return "failed to execute " + method + " request"
	case err != nil || said.Message == "":
		return string(body)
	case said.TypeCode != "" && said.TypeCode != "ErrFailedTo":
		return said.TypeCode + ": " + said.Message
	}
	return said.Message
}

// label is how errors name a cluster that could not be reached.
func (c Cluster) label() string {
	switch {
	case c.Alias != "" && c.Alias != c.ID:
		return c.Alias + "[" + c.ID + "]"
	case len(c.URLs) > 0:
		return c.URLs[0] + "[" + c.ID + "]"
	}
	return "[" + c.ID + "]"
}
