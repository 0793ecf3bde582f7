package iguazio

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const seedPage = "every call of the seed page in order"

// referencePolicies are what the reference client gives users unasked.
var referencePolicies = []string{"Developer", "Application Read Only"}

type operation func(p *player, c *Client) (any, error)

// operations is how each operation of the recordings is done by the client.
// The result is that of the reference client, with IDs in place of resources.
var operations = map[string]operation{
	seedPage:                               walkSeedPage,
	"Client(access_key=...)":               connect,
	"Client(username=..., access_key=...)": connect,
	"Client(username, password); login()":  connect,
	"Client(username, password); login(); User.self": func(p *player, c *Client) (any, error) {
		result, err := connect(p, c)
		require.NoError(p, err)
		self, err := c.Self(p.Context())
		summary := result.(map[string]string)
		summary["self"] = self.Username
		delete(summary, "version")
		return summary, err
	},
	"User.self": func(p *player, c *Client) (any, error) {
		user, err := c.Self(p.Context())
		return user.ID, err
	},
	"User.create": createUser,
	"User.get": func(p *player, c *Client) (any, error) {
		user, err := c.GetUser(p.Context(), p.args.ID, p.args.Include...)
		return user.ID, err
	},
	"User.get_by_username": func(p *player, c *Client) (any, error) {
		user, err := c.FindUser(p.Context(), p.args.Username)
		return user.ID, err
	},
	"User.list": func(p *player, c *Client) (any, error) {
		query := p.query()
		if p.args.Paging != nil {
			query.PageSize = p.args.Paging.Size
			users, err := page(p.Context(), c, "users", query, p.args.Paging.Number, readUser)
			return idsOf(users, userID), err
		}
		return collect(c.ListUsers(p.Context(), query), userID)
	},
	"User.list (three calls)": func(p *player, c *Client) (any, error) {
		var filters []map[string]string
		require.NoError(p, json.Unmarshal(p.args.FilterBy, &filters))
		var all []any
		for _, filter := range filters {
			names, err := collect(c.ListUsers(p.Context(), Query{Filters: readFilters(filter)}), func(u User) string { return u.Username })
			if err != nil {
				return nil, err
			}
			all = append(all, names)
		}
		return all, nil
	},
	"user.update":               updateUser,
	"User.get; user.update":     updateUser,
	"user.disable; user.enable": func(p *player, c *Client) (any, error) { return toggle(p, c, p.args.ID, nil) },
	"User.disable_by_id; User.enable_by_id": func(p *player, c *Client) (any, error) {
		return toggle(p, c, p.args.ID, func() error {
			_, err := c.GetUser(p.Context(), p.args.ID)
			return err
		})
	},
	"User.disable_by_username; User.enable_by_username": func(p *player, c *Client) (any, error) {
		var id string
		for _, e := range p.exchanges {
			if e.Request.Method == http.MethodPut {
				id = e.Request.Path[strings.LastIndex(e.Request.Path, "/")+1:]
			}
		}
		return toggle(p, c, id, func() error {
			user, err := c.FindUser(p.Context(), p.args.Username)
			assert.Equal(p, id, user.ID)
			return err
		})
	},
	"User.enable_by_id": func(p *player, c *Client) (any, error) {
		_, err := c.GetUser(p.Context(), p.args.ID)
		return nil, err
	},
	"User.disable_by_username": func(p *player, c *Client) (any, error) {
		_, err := c.FindUser(p.Context(), p.args.Username)
		return nil, err
	},
	"user.delete": func(p *player, c *Client) (any, error) {
		return p.deleted(c.DeleteUser(p.Context(), p.args.ID))
	},
	"user.is_operational": func(p *player, c *Client) (any, error) {
		user, err := c.GetUser(p.Context(), p.args.ID, IncludeGroups)
		return user.Operational(), err
	},
	"user.add_to_group": func(p *player, c *Client) (any, error) {
		if p.name == "user-add-to-group-by-name" {
			// The reference reads the user before it looks the group up.
			user, err := c.GetUser(p.Context(), p.args.ID, IncludeGroups)
			require.NoError(p, err)
			group, err := c.FindGroup(p.Context(), p.group())
			require.NoError(p, err)
			patch, changes := user.Joining(group.ID)
			assert.True(p, changes)
			return nil, c.UpdateUser(p.Context(), p.args.ID, patch)
		}
		changed, err := join(p, c, p.args.ID, p.group())
		assert.Equal(p, p.name != "user-add-to-group-already-member", changed)
		if p.name == "user-add-to-group-keeps-primary" {
			user, err := c.GetUser(p.Context(), p.args.ID, IncludePrimaryGroup)
			require.NoError(p, err)
			return user.PrimaryGroupID, nil
		}
		return nil, err
	},
	"user.remove_from_group": func(p *player, c *Client) (any, error) {
		changed, err := leave(p, c, p.args.ID, p.group())
		assert.Equal(p, p.expect == "ok", changed)
		return nil, err
	},
	"user.set_primary_group": func(p *player, c *Client) (any, error) {
		return nil, prefer(p, c, p.args.ID, p.group())
	},
	"user.get_primary_group": func(p *player, c *Client) (any, error) {
		user, err := c.GetUser(p.Context(), p.args.ID, IncludePrimaryGroup)
		return orNil(user.PrimaryGroupID), err
	},
	"user.in_group": func(p *player, c *Client) (any, error) {
		var in []bool
		for _, group := range p.args.Groups {
			user, err := c.GetUser(p.Context(), p.args.ID, IncludeGroups)
			require.NoError(p, err)
			in = append(in, slices.Contains(user.GroupIDs, group))
		}
		return in, nil
	},
	"Group.create": func(p *player, c *Client) (any, error) {
		group, job, err := c.CreateGroup(p.Context(), NewGroup{
			Name: p.args.Name, Description: p.args.Description, GID: p.args.GID,
			Policies: p.policies([]string{"Data", "Application Admin"}), UserIDs: p.args.Users,
		})
		assert.Empty(p, job)
		return group.ID, err
	},
	"Group.get": func(p *player, c *Client) (any, error) {
		group, err := c.GetGroup(p.Context(), p.args.ID, p.args.Include...)
		assert.Len(p, group.UserIDs, 1)
		assert.Len(p, group.Users, 1)
		return group.ID, err
	},
	"Group.get_by_name": func(p *player, c *Client) (any, error) {
		group, err := c.FindGroup(p.Context(), p.args.Name)
		return group.ID, err
	},
	"Group.list": func(p *player, c *Client) (any, error) {
		return collect(c.ListGroups(p.Context(), p.query()), func(g Group) string { return g.ID })
	},
	"group.update": func(p *player, c *Client) (any, error) {
		_, err := c.GetGroup(p.Context(), p.args.ID)
		require.NoError(p, err)
		require.NoError(p, c.UpdateGroup(p.Context(), p.args.ID, GroupPatch{Description: p.args.Description}))
		group, err := c.GetGroup(p.Context(), p.args.ID)
		assert.Equal(p, *p.args.Description, group.Description)
		return group.ID, err
	},
	"group.delete": func(p *player, c *Client) (any, error) {
		id := p.exchanges[0].Request.Path
		return p.deleted(c.DeleteGroup(p.Context(), id[strings.LastIndex(id, "/")+1:]))
	},
	"group.add_user; group.remove_user": func(p *player, c *Client) (any, error) {
		read := func() error {
			_, err := c.GetUser(p.Context(), p.args.User)
			return err
		}
		require.NoError(p, read())
		_, err := join(p, c, p.args.User, p.args.ID)
		require.NoError(p, err)
		_, err = c.GetGroup(p.Context(), p.args.ID)
		require.NoError(p, err)
		require.NoError(p, read())
		_, err = leave(p, c, p.args.User, p.args.ID)
		require.NoError(p, err)
		_, err = c.GetGroup(p.Context(), p.args.ID)
		return nil, err
	},
	"Job.wait_for_completion": func(p *player, c *Client) (any, error) {
		_, err := c.WaitJob(p.Context(), p.args.JobID)
		return nil, err
	},
	"AccessKey.create": func(p *player, c *Client) (any, error) {
		key, err := c.CreateAccessKey(p.Context(), NewAccessKey{Label: p.args.Label, Planes: p.args.Planes})
		assert.Equal(p, int64(315360000), key.TTL)
		return key.Key, err
	},
	"AccessKey.get_or_create (twice)": func(p *player, c *Client) (any, error) {
		wanted := NewAccessKey{Label: "for-sdk-mgmt", Planes: []string{"data", "control"}}
		first, err := c.EnsureAccessKey(p.Context(), wanted)
		require.NoError(p, err)
		second, err := c.EnsureAccessKey(p.Context(), wanted)
		return []bool{first.Key == second.Key}, err
	},
	"user.ensure_project_membership": func(p *player, c *Client) (any, error) {
		return nil, p.ensure(c, p.args.ProjectName, UserRef(p.args.ID), p.args.Role)
	},
	"group.ensure_project_membership": func(p *player, c *Client) (any, error) {
		return nil, p.ensure(c, p.args.ProjectName, GroupRef(p.args.ID), p.args.Role)
	},
	"user.remove_from_project": func(p *player, c *Client) (any, error) {
		return nil, p.leave(c, UserRef(p.args.ID))
	},
	"group.remove_from_project": func(p *player, c *Client) (any, error) {
		return nil, p.leave(c, GroupRef(p.args.ID))
	},
	"user.get_project_effective_role": func(p *player, c *Client) (any, error) {
		return effectiveRole(p, c, p.args.ProjectName, p.args.ID)
	},
	"project.add_members": func(p *player, c *Client) (any, error) {
		return nil, c.ChangeMembers(p.Context(), p.args.Project, false, func(m *Members) error {
			for _, member := range p.members() {
				require.NoError(p, m.Put(member, p.args.Role, Override))
			}
			return nil
		})
	},
	"project.remove_members": func(p *player, c *Client) (any, error) {
		return nil, c.ChangeMembers(p.Context(), p.args.Project, false, func(m *Members) error {
			for _, id := range p.args.Members {
				m.Remove(UserRef(id))
				m.Remove(GroupRef(id))
			}
			return nil
		})
	},
	"project.set_members": func(p *player, c *Client) (any, error) {
		return nil, c.ChangeMembers(p.Context(), p.args.Project, false, func(m *Members) error {
			if err := m.Vacate(p.args.Role, p.members(), p.args.Override); err != nil {
				return err
			}
			for _, member := range p.members() {
				require.NoError(p, m.Put(member, p.args.Role, Override))
			}
			return nil
		})
	},
	"project.set_membership": func(p *player, c *Client) (any, error) {
		return nil, c.ChangeMembers(p.Context(), p.args.Project, false, func(m *Members) error {
			return m.Put(UserRef(p.args.Member), p.args.Role, Fail)
		})
	},
	"project.get_admin_users; get_viewer_groups": func(p *player, c *Client) (any, error) {
		project, err := c.GetProject(p.Context(), p.args.Project, IncludeMembers...)
		require.NoError(p, err)
		members, err := project.Members()
		require.NoError(p, err)
		all, err := members.All()
		lists := [2][]string{}
		for _, member := range all {
			switch {
			case member.Role == "Admin" && member.Type == typeUser:
				lists[0] = append(lists[0], member.Name)
			case member.Role == "Viewer" && member.Type == typeGroup:
				lists[1] = append(lists[1], member.Name)
			}
		}
		return lists, err
	},
	"Project.create": func(p *player, c *Client) (any, error) {
		if p.args.Owner != "" {
			_, err := c.GetUser(p.Context(), p.args.Owner)
			require.NoError(p, err)
		}
		project, job, err := c.CreateProject(p.Context(), NewProject{
			Name: p.args.Name, Description: given(p.args.Description), Labels: p.args.Labels, OwnerID: p.args.Owner,
		})
		require.NoError(p, err)
		return project.ID, c.Finish(p.Context(), job, true)
	},
	"Project.get_by_name": func(p *player, c *Client) (any, error) {
		found, err := c.FindProject(p.Context(), p.args.Name)
		require.NoError(p, err)
		project, err := c.GetProject(p.Context(), found.ID, p.args.Include...)
		assert.NotEmpty(p, project.Owner.Username)
		return project.ID, err
	},
	"project.set_owner; project.get_owner": func(p *player, c *Client) (any, error) {
		_, err := c.GetUser(p.Context(), p.args.Owner)
		require.NoError(p, err)
		require.NoError(p, c.UpdateProject(p.Context(), p.args.Project, ProjectPatch{OwnerID: &p.args.Owner}))
		_, err = c.GetProject(p.Context(), p.args.Project)
		require.NoError(p, err)
		project, err := c.GetProject(p.Context(), p.args.Project, IncludeOwner)
		assert.Equal(p, p.args.Owner, project.OwnerID)
		return project.Owner.Username, err
	},
	"project.delete": func(p *player, c *Client) (any, error) {
		return p.deleted(c.DeleteProject(p.Context(), p.args.Name, ""))
	},
}

func connect(p *player, c *Client) (any, error) {
	identity, err := c.Verify(p.Context())
	if err != nil {
		return nil, err
	}
	version := ""
	if !strings.Contains(p.name, "password") || strings.Contains(p.scenario[1].Request.Path, "tunnel") {
		version, err = c.Version(p.Context())
	}
	if strings.HasPrefix(p.name, "session-version") {
		return version, err
	}
	return map[string]string{"username": identity.Username, "tenant_id": identity.TenantID, "version": version}, err
}

func createUser(p *player, c *Client) (any, error) {
	user, job, err := c.CreateUser(p.Context(), NewUser{
		Username: p.args.Username, FirstName: p.args.FirstName, LastName: p.args.LastName, Email: p.args.Email, Password: p.args.Password,
		PhoneNumber: given(p.args.PhoneNumber), JobTitle: given(p.args.JobTitle), Department: p.args.Department, UID: p.args.UID,
		Policies: p.policies(referencePolicies), AuthenticationMethods: p.args.AuthenticationMethods,
		GroupIDs: p.args.Groups, PrimaryGroupID: p.args.PrimaryGroup,
	})
	if err != nil {
		return nil, err
	}
	if p.args.WaitForCompletion == nil || *p.args.WaitForCompletion {
		require.NoError(p, c.Finish(p.Context(), job, true))
	}
	ready, err := c.AwaitUser(p.Context(), user.ID)
	assert.True(p, ready.Operational())
	return ready.ID, err
}

func updateUser(p *player, c *Client) (any, error) {
	patch := UserPatch{PhoneNumber: p.args.PhoneNumber, JobTitle: p.args.JobTitle, Policies: p.args.Policies}
	if p.args.LastName != "" {
		patch.LastName = &p.args.LastName
	}
	if p.name == "user-update-missing" {
		patch.LastName = new("L") // ours would send nothing for nothing
		return nil, c.UpdateUser(p.Context(), p.args.ID, patch)
	}
	_, err := c.GetUser(p.Context(), p.args.ID)
	require.NoError(p, err)
	if err := c.UpdateUser(p.Context(), p.args.ID, patch); err != nil {
		return nil, err
	}
	user, err := c.GetUser(p.Context(), p.args.ID)
	return user.ID, err
}

// toggle disables and enables a user, with a look before each.
func toggle(p *player, c *Client, id string, look func() error) (any, error) {
	var seen []string
	for _, status := range []string{StatusDown, StatusUp} {
		if look != nil {
			require.NoError(p, look())
		}
		require.NoError(p, c.UpdateUser(p.Context(), id, UserPatch{AdminStatus: &status}))
		user, err := c.GetUser(p.Context(), id)
		require.NoError(p, err)
		seen = append(seen, user.AdminStatus)
	}
	return seen, nil
}

// join puts a user into a group, and reports whether it was not in it.
func join(p *player, c *Client, userID, groupID string) (bool, error) {
	user, err := c.GetUser(p.Context(), userID, IncludeGroups)
	require.NoError(p, err)
	patch, changes := user.Joining(groupID)
	if !changes {
		return false, nil
	}
	return true, c.UpdateUser(p.Context(), userID, patch)
}

// leave takes a user out of a group, and reports whether it was in it.
func leave(p *player, c *Client, userID, groupID string) (bool, error) {
	user, err := c.GetUser(p.Context(), userID, GroupsAndPrimary...)
	require.NoError(p, err)
	patch, changes, err := user.Leaving(groupID, false)
	if err != nil || !changes {
		return false, err
	}
	return true, c.UpdateUser(p.Context(), userID, patch)
}

// prefer makes a group the primary one of a user.
func prefer(p *player, c *Client, userID, groupID string) error {
	user, err := c.GetUser(p.Context(), userID, IncludeGroups)
	require.NoError(p, err)
	return c.UpdateUser(p.Context(), userID, user.Preferring(groupID))
}

// deleted waits for the job of a deletion as the arguments say.
func (p *player) deleted(job string, err error) (any, error) {
	switch {
	case err != nil && p.args.IgnoreMissing && fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case err != nil || job == "":
		return nil, err
	case p.args.WaitForDeletion != nil && !*p.args.WaitForDeletion:
		seen, err := p.client.GetJob(p.Context(), job)
		return seen.ID, err
	default:
		seen, err := p.client.WaitJob(p.Context(), job)
		return seen.ID, err
	}
}

func (p *player) ensure(c *Client, project string, member Ref, role string) error {
	found, err := c.FindProject(p.Context(), project)
	if err != nil {
		return err
	}
	return c.ChangeMembers(p.Context(), found.ID, false, func(m *Members) error { return m.Put(member, role, Override) })
}

func (p *player) leave(c *Client, member Ref) error {
	found, err := c.FindProject(p.Context(), p.args.ProjectName)
	require.NoError(p, err)
	return c.ChangeMembers(p.Context(), found.ID, false, func(m *Members) error {
		m.Remove(member)
		return nil
	})
}

// effectiveRole reads the user's groups where the reference does: what stands
// above this client knows them already, because it had to look the user up.
func effectiveRole(p *player, c *Client, name, userID string) (any, error) {
	found, err := c.FindProject(p.Context(), name)
	require.NoError(p, err)
	project, err := c.GetProject(p.Context(), found.ID, IncludeMembers...)
	require.NoError(p, err)
	members, err := project.Members()
	require.NoError(p, err)
	principals := []Ref{UserRef(userID)}
	if p.replay.Served() < len(p.exchanges) {
		user, err := c.GetUser(p.Context(), userID, IncludeGroups)
		require.NoError(p, err)
		principals = user.Principals()
	}
	return orNil(members.Highest(principals)), nil
}

// members returns the members that the arguments name, of the type that the
// recorded transaction has for them.
func (p *player) members() []Ref {
	var refs []Ref
	for _, id := range p.args.Members {
		ref := GroupRef(id)
		for _, e := range p.scenario {
			if _, after, found := strings.Cut(canonical(p, e.Request.Body), id); found && strings.HasPrefix(strings.TrimLeft(after, "\",\n "), `type": "user"`) {
				ref = UserRef(id)
			}
		}
		refs = append(refs, ref)
	}
	return refs
}

func (p *player) policies(otherwise []string) []string {
	if p.args.Policies != nil {
		return *p.args.Policies
	}
	return otherwise
}

// group returns the group that the arguments name, by ID or name or as a value.
func (p *player) group() string {
	var text string
	if json.Unmarshal(p.args.Group, &text) == nil {
		return text
	}
	var value struct {
		Instance string `json:"instance"`
	}
	require.NoError(p, json.Unmarshal(p.args.Group, &value))
	return value.Instance
}

func (p *player) query() Query {
	var filters map[string]string
	if len(p.args.FilterBy) > 0 {
		require.NoError(p, json.Unmarshal(p.args.FilterBy, &filters))
	}
	return Query{Filters: readFilters(filters), Sort: p.args.SortBy, Include: p.args.Include}
}

// readFilters reads filters as the reference writes them, operators in the value.
func readFilters(filters map[string]string) []Filter {
	var read []Filter
	for _, field := range slices.Sorted(maps.Keys(filters)) {
		filter := Filter{Field: field, Value: filters[field]}
		if rest, ok := strings.CutPrefix(filter.Value, "[$"); ok {
			filter.Operator, filter.Value, _ = strings.Cut(rest, "]")
		}
		read = append(read, filter)
	}
	return read
}

func userID(u User) string { return u.ID }

func idsOf[T any](items []T, id func(T) string) []string {
	ids := []string{}
	for _, item := range items {
		ids = append(ids, id(item))
	}
	return ids
}

func collect[T any](items iter.Seq2[T, error], id func(T) string) ([]string, error) {
	ids := []string{}
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		ids = append(ids, id(item))
	}
	return ids, nil
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}
