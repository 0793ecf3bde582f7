package iguazio

import (
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// walkSeedPage does what the reference's page of user examples does, in its
// order, and returns what the page looks at on the way.
func walkSeedPage(p *player, c *Client) (any, error) {
	ctx := p.Context()
	var seen []any
	note := func(value any) { seen = append(seen, value) }
	readUser := func(id string, include ...string) User {
		user, err := c.GetUser(ctx, id, include...)
		require.NoError(p, err)
		return user
	}
	set := func(id string, patch UserPatch) User {
		require.NoError(p, c.UpdateUser(ctx, id, patch))
		return readUser(id)
	}
	newGroup := func(name string) string {
		group, job, err := c.CreateGroup(ctx, NewGroup{Name: name, Policies: []string{"Data", "Application Admin"}})
		require.NoError(p, err)
		assert.Empty(p, job)
		return group.ID
	}
	inGroup := func(user, group string) bool { return slices.Contains(readUser(user, IncludeGroups).GroupIDs, group) }

	created, job, err := c.CreateUser(ctx, NewUser{
		Username: p.args.Username, Password: p.args.Password, Email: p.args.Email,
		FirstName: p.args.FirstName, LastName: p.args.LastName, UID: p.args.UID, Policies: referencePolicies,
	})
	require.NoError(p, err)
	require.NoError(p, c.Finish(ctx, job, true))
	ready, err := c.AwaitUser(ctx, created.ID)
	require.NoError(p, err)
	id := ready.ID
	note(ready.Operational())
	note(readUser(id, IncludeGroups).Operational())
	note(readUser(id).Username)
	found, err := c.FindUser(ctx, p.args.Username)
	require.NoError(p, err)
	note(found.ID == id)
	note(set(id, UserPatch{LastName: new("my name lastname")}).LastName)

	all, err := collect(c.ListUsers(ctx, Query{}), userID)
	require.NoError(p, err)
	note(len(all))
	some, err := collect(c.ListUsers(ctx, Query{Filters: []Filter{{Field: "first_name", Value: "Iguazio"}}}), userID)
	require.NoError(p, err)
	note(len(some))
	self, err := c.Self(ctx)
	require.NoError(p, err)
	note(self.Username)
	assert.Equal(p, StatusDown, set(id, UserPatch{AdminStatus: new(StatusDown)}).AdminStatus)
	assert.Equal(p, StatusUp, set(id, UserPatch{AdminStatus: new(StatusUp)}).AdminStatus)

	random := newGroup(p.args.Groups[0])
	_, err = join(p, c, id, random)
	require.NoError(p, err)
	group, err := c.GetGroup(ctx, random, IncludeUsers)
	require.NoError(p, err)
	note(slices.Contains(group.UserIDs, id))
	note(inGroup(id, random))
	_, err = leave(p, c, id, random)
	require.NoError(p, err)
	note(inGroup(id, random))

	other := newGroup(p.args.Groups[1])
	_, err = join(p, c, id, other)
	require.NoError(p, err)
	require.NoError(p, prefer(p, c, id, other))
	_, err = join(p, c, id, random)
	require.NoError(p, err)

	require.NoError(p, p.ensure(c, p.args.Project, UserRef(id), "Viewer"))
	require.NoError(p, p.ensure(c, p.args.Project, GroupRef(random), "Admin"))
	role, err := effectiveRole(p, c, p.args.Project, id)
	require.NoError(p, err)
	note(role)
	project, err := c.FindProject(ctx, p.args.Project)
	require.NoError(p, err)
	require.NoError(p, c.ChangeMembers(ctx, project.ID, false, func(m *Members) error {
		m.Remove(UserRef(id))
		return nil
	}))
	deletion, err := c.DeleteUser(ctx, id)
	require.NoError(p, err)
	done, err := c.WaitJob(ctx, deletion)
	note(done.State)
	return seen, err
}
