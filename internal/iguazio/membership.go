package iguazio

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// ProjectRoles are the roles in projects, the highest first.
var ProjectRoles = []string{"Admin", "Editor", "Viewer"}

// Mode says what becomes of a member that has a role already.
type Mode uint8

// The modes.
const (
	// Override gives the member the new role in place of the old one.
	Override Mode = iota
	// Keep leaves the member its role.
	Keep
	// Fail refuses the change as AlreadyExists.
	Fail
)

// projectRole is a role of a project with its members. Members are known by
// reference alone: the server may not show all of them to the caller.
type projectRole struct {
	id      string
	name    string
	members []Ref
	changed bool
}

// Members is who is in a project. Changes to it are collected and go to the
// server in one transaction.
type Members struct {
	project string
	roles   []projectRole
	shown   map[Ref]resource
}

// Members returns who is in a project, which was read with [IncludeMembers].
// It fails as PermissionDenied if the caller may not see the roles.
func (p Project) Members() (*Members, error) {
	m := &Members{project: p.ID, shown: p.shown}
	for _, ref := range p.roles {
		shown, ok := p.shown[ref]
		if !ok {
			return nil, hidden()
		}
		var attributes struct {
			Name string `json:"name"`
		}
		if err := shown.attributes(&attributes); err != nil {
			return nil, err
		}
		m.roles = append(m.roles, projectRole{
			id: ref.ID, name: attributes.Name,
			members: slices.Concat(shown.Relationships["principal_users"].Data, shown.Relationships["principal_user_groups"].Data),
		})
	}
	return m, nil
}

func hidden() *fault.Error {
	return fault.New(fault.PermissionDenied, "the caller may not see all roles of the project")
}

// Has reports whether the caller may see a role of that name.
func (m *Members) Has(role string) bool { return m.find(role) != nil }

func (m *Members) find(role string) *projectRole {
	for i := range m.roles {
		if m.roles[i].name == role {
			return &m.roles[i]
		}
	}
	return nil
}

// RoleOf returns the highest role that a member holds itself, empty for none.
func (m *Members) RoleOf(member Ref) string { return m.Highest([]Ref{member}) }

// Highest returns the highest role that any of some members holds, empty for none.
func (m *Members) Highest(members []Ref) string {
	for _, name := range ProjectRoles {
		role := m.find(name)
		if role != nil && slices.ContainsFunc(members, func(member Ref) bool { return slices.Contains(role.members, member) }) {
			return name
		}
	}
	return ""
}

// Member is a member with its role.
type Member struct {
	Ref

	// Name is its name, empty if the server does not show the member.
	Name string
	// Role is the name of the role.
	Role string
}

// All returns all members, by role, users before groups.
func (m *Members) All() ([]Member, error) {
	var all []Member
	for _, role := range m.roles {
		for _, ref := range role.members {
			member := Member{Ref: ref, Role: role.name}
			var attributes struct {
				Username string `json:"username"`
				Name     string `json:"name"`
			}
			if shown, ok := m.shown[ref]; ok {
				if err := shown.attributes(&attributes); err != nil {
					return nil, err
				}
			}
			member.Name = attributes.Name
			if ref.Type == typeUser {
				member.Name = attributes.Username
			}
			all = append(all, member)
		}
	}
	return all, nil
}

// Put gives a member exactly one role, as mode says if it has one already.
func (m *Members) Put(member Ref, role string, mode Mode) error {
	target := m.find(role)
	if target == nil {
		return hidden()
	}
	old := m.RoleOf(member)
	switch {
	case old != "" && mode == Keep:
		return nil
	case old != "" && mode == Fail:
		return &fault.Error{Kind: fault.AlreadyExists, ID: member.ID, Message: "the member is in the project already, as " + old}
	}
	for i := range m.roles {
		if &m.roles[i] != target {
			m.roles[i].drop(member)
		}
	}
	if !slices.Contains(target.members, member) {
		target.members, target.changed = append(target.members, member), true
	}
	return nil
}

// Remove takes a member out.
func (m *Members) Remove(member Ref) {
	for i := range m.roles {
		m.roles[i].drop(member)
	}
}

func (r *projectRole) drop(member Ref) {
	if slices.Contains(r.members, member) {
		r.members, r.changed = slices.DeleteFunc(slices.Clone(r.members), func(ref Ref) bool { return ref == member }), true
	}
}

// Vacate leaves a role to holders alone, of those that hold it. If others do,
// it is refused as Conflict, unless override is set: then they leave the
// project.
func (m *Members) Vacate(role string, holders []Ref, override bool) error {
	target := m.find(role)
	if target == nil {
		return hidden()
	}
	others := slices.DeleteFunc(slices.Clone(target.members), func(ref Ref) bool { return slices.Contains(holders, ref) })
	if len(others) > 0 && !override {
		return fault.New(fault.Conflict, "the role %s is held by others: say that they may lose it", role)
	}
	for _, other := range others {
		target.drop(other)
	}
	return nil
}

// Changed reports whether there is anything to write.
func (m *Members) Changed() bool {
	return slices.ContainsFunc(m.roles, func(r projectRole) bool { return r.changed })
}

// transaction is the body of the request that changes members.
type transaction struct {
	Data struct {
		Attributes struct {
			Metadata struct {
				ProjectIDs    []string `json:"project_ids"`
				NotifyByEmail bool     `json:"notify_by_email"`
			} `json:"metadata"`
			Requests []transactionRequest `json:"requests"`
		} `json:"attributes"`
	} `json:"data"`
}

type transactionRequest struct {
	Method   string `json:"method"`
	Resource string `json:"resource"`
	Body     body   `json:"body"`
}

// WriteMembers writes what was changed in one transaction and returns the ID
// of the job that carries it out: POST /api/async_transactions. Nothing
// changed sends nothing. The members of a role that changed are replaced
// whole, those of the others are left alone. notify has the system tell the
// members by mail.
func (c *Client) WriteMembers(ctx context.Context, m *Members, notify bool) (jobID string, err error) {
	if !m.Changed() {
		return "", nil
	}
	var t transaction
	t.Data.Attributes.Metadata.ProjectIDs = []string{m.project}
	t.Data.Attributes.Metadata.NotifyByEmail = notify
	for i := range m.roles {
		if role := &m.roles[i]; role.changed {
			t.Data.Attributes.Requests = append(t.Data.Attributes.Requests, role.request(m.project))
		}
	}
	data, err := transport.Encode(t)
	if err != nil {
		return "", err
	}
	document, err := c.one(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "async_transactions"}, Class: transport.Idempotent, Body: data,
	})
	if err != nil {
		return "", err
	}
	return document.Data.ID, nil
}

// request replaces the members of the role.
func (r *projectRole) request(project string) transactionRequest {
	request := transactionRequest{Method: strings.ToLower(http.MethodPut), Resource: includeRoles + "/" + r.id}
	users, groups := toMany{Data: []Ref{}}, toMany{Data: []Ref{}}
	for _, member := range r.members {
		if member.Type == typeUser {
			users.Data = append(users.Data, member)
		} else {
			groups.Data = append(groups.Data, member)
		}
	}
	request.Body.Data.Type = typeProjectRole
	request.Body.Data.Attributes = map[string]string{"name": r.name}
	request.Body.Data.Relationships = map[string]any{
		"project":               relateOne(typeProject, project),
		"principal_users":       users,
		"principal_user_groups": groups,
	}
	return request
}

// ChangeMembers reads who is in a project, lets change alter that, writes what
// changed and waits for the job: GET /api/projects/{id}, POST
// /api/async_transactions, GET /api/jobs/{id}, several times.
func (c *Client) ChangeMembers(ctx context.Context, projectID string, notify bool, change func(*Members) error) error {
	project, err := c.GetProject(ctx, projectID, IncludeMembers...)
	if err != nil {
		return err
	}
	members, err := project.Members()
	if err != nil {
		return err
	}
	if err := change(members); err != nil {
		return err
	}
	jobID, err := c.WriteMembers(ctx, members, notify)
	if err != nil {
		return err
	}
	return c.Finish(ctx, jobID, false)
}
