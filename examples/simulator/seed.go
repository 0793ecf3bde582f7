package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// seed is what the seed file says. It is planted through the SDK, so a system
// holds nothing that it would not have taken.
type seed struct {
	// Groups are created first.
	Groups []seedGroup `json:"groups"`
	// Users are created after that.
	Users []seedUser `json:"users"`
}

type seedGroup struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Systems     []string `json:"systems"` // all that have groups if empty
}

type seedUser struct {
	Name        string   `json:"name"`
	Password    string   `json:"password"`
	DisplayName string   `json:"displayName"`
	Email       string   `json:"email"`
	Groups      []string `json:"groups"`
	Disabled    bool     `json:"disabled"`
	// Roles are the roles by system, because no two have the same.
	Roles   map[string][]string `json:"roles"`
	Systems []string            `json:"systems"` // all if empty
}

// readSeed reads a seed file; without one there is nothing to plant.
func readSeed(path string) (*seed, error) {
	s := &seed{}
	if path == "" {
		return s, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user says which
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// plant creates in a system what concerns it. What the system has no place for
// is left out and told about.
func (s *seed) plant(ctx context.Context, system *local.System, log io.Writer) (err error) {
	if len(s.Groups)+len(s.Users) == 0 {
		return nil
	}
	client, err := usermgmt.Open(ctx, system.URL, usermgmt.WithCredentials(system.Credential()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	g := gardener{client: client, system: system, log: log}
	for _, group := range s.Groups {
		if concerns(group.Systems, system.Name) {
			if err := g.group(ctx, group); err != nil {
				return err
			}
		}
	}
	for _, user := range s.Users {
		if concerns(user.Systems, system.Name) {
			if err := g.user(ctx, user); err != nil {
				return err
			}
		}
	}
	return nil
}

func concerns(systems []string, name string) bool {
	return len(systems) == 0 || slices.Contains(systems, name)
}

// gardener plants seeds in one system.
type gardener struct {
	client *usermgmt.Client
	system *local.System
	log    io.Writer
}

// has reports whether the system has a place for something, and tells if not.
func (g gardener) has(c usermgmt.Capability, of string) bool {
	has := g.client.Capabilities().Of(c) != usermgmt.SupportNo
	if !has {
		fmt.Fprintf(g.log, "%s has no %v: left out of %s\n", g.system.Name, c, of)
	}
	return has
}

func (g gardener) group(ctx context.Context, group seedGroup) error {
	if !g.has(usermgmt.CapCreateGroup, "group "+group.Name) {
		return nil
	}
	req := usermgmt.CreateGroupRequest{Name: group.Name}
	if group.Description != "" && g.has(usermgmt.CapGroupDescription, "group "+group.Name) {
		req.Description = group.Description
	}
	_, err := g.client.CreateGroup(ctx, req)
	return err
}

func (g gardener) user(ctx context.Context, user seedUser) error {
	if g.client.Capabilities().Of(usermgmt.CapUserName) == usermgmt.SupportNo {
		return g.nameless(ctx, user)
	}
	what := "user " + user.Name
	req := usermgmt.CreateUserRequest{Name: user.Name}
	if user.Password != "" && g.has(usermgmt.CapUserPassword, what) {
		req.Credential = usermgmt.Password("", user.Password)
	}
	if user.DisplayName != "" && g.has(usermgmt.CapDisplayName, what) {
		req.DisplayName = user.DisplayName
	}
	if user.Email != "" && g.has(usermgmt.CapEmail, what) {
		req.Email = user.Email
	}
	if len(user.Groups) > 0 && g.has(usermgmt.CapAddGroupMember, what) {
		req.Groups = user.Groups
	}
	for _, text := range user.Roles[g.system.Name] {
		role, err := usermgmt.ParseRole(text)
		if err != nil {
			return err
		}
		req.Roles = append(req.Roles, role)
	}
	if _, err := g.client.CreateUser(ctx, req); err != nil {
		return err
	}
	if user.Disabled && g.has(usermgmt.CapDisableUser, what) {
		return g.client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: user.Name})
	}
	return nil
}

// nameless creates a user where the server chooses the name and the password.
func (g gardener) nameless(ctx context.Context, user seedUser) error {
	created, err := g.client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: usermgmt.OAuth2ClientCredentials{
		ClientID: g.system.User, ClientSecret: usermgmt.NewSecret(g.system.Password),
	}})
	if err == nil {
		fmt.Fprintf(g.log, "%s names its users: %s is %s there\n", g.system.Name, user.Name, created.Name)
	}
	return err
}
