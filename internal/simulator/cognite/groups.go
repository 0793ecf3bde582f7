package cognite

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits on groups.
const (
	maxGroups          = 500 // in a project
	maxGroupsOfOne     = 20  // of a principal
	maxGroupMembers    = 100
	maxMetadata        = 16
	maxMetadataKey     = 32
	maxMetadataValue   = 512
	maxMetadataTotal   = 4096
	maxGroupsInOneCall = 1000
	everybody          = "allUserAccounts"
	groupIsNotDeleted  = -1
)

// Group is an IAM group.
type Group struct {
	// Name is the name, which need not be unique.
	Name string `json:"name"`
	// SourceID is the group of the identity provider whose members are the
	// group's; nil is none.
	SourceID *string `json:"sourceId,omitzero"`
	// Members are the group's own members as JSON: a list of principals, or the
	// text "allUserAccounts".
	Members jsontext.Value `json:"members,omitzero"`
	// Capabilities are the rights of the members, as JSON.
	Capabilities []jsontext.Value `json:"capabilities,omitzero"`
	// Metadata are the texts that the creator attached.
	Metadata map[string]string `json:"metadata,omitzero"`
	// Attributes are the attributes that the creator attached, as JSON.
	Attributes jsontext.Value `json:"attributes,omitzero"`
	// ID is the number of the group. The server assigns it.
	ID int64 `json:"id"`
	// IsDeleted is always false: deleted groups are not kept.
	IsDeleted bool `json:"isDeleted"`
	// DeletedTime is always -1.
	DeletedTime int64 `json:"deletedTime"`
}

// principals returns the members of a group, and whether everybody is one.
func (g Group) principals() (members []string, all bool, err error) {
	var text string
	switch {
	case g.Members == nil:
		return nil, false, nil
	case json.Unmarshal(g.Members, &text) == nil && text == everybody:
		return nil, true, nil
	case json.Unmarshal(g.Members, &members) == nil:
		return members, false, nil
	}
	return nil, false, badRequest("members must be a list of principals or %s", everybody)
}

// has reports whether a principal is a member by itself.
func (g Group) has(subject string) bool {
	members, all, _ := g.principals()
	return all || slices.Contains(members, subject)
}

// check refuses a group that cannot be created.
func (g Group) check() error {
	members, _, err := g.principals()
	switch {
	case err != nil:
		return err
	case g.Name == "":
		return badRequest("name is required")
	case g.Members != nil && g.SourceID != nil:
		return badRequest("members and sourceId exclude each other")
	case len(members) > maxGroupMembers:
		return badRequest("members must have at most %d elements", maxGroupMembers)
	case len(g.Metadata) > maxMetadata:
		return badRequest("metadata must have at most %d entries", maxMetadata)
	}
	total := 0
	for key, value := range g.Metadata {
		total += len(key) + len(value)
		if len(key) > maxMetadataKey || len(value) > maxMetadataValue || total > maxMetadataTotal {
			return badRequest("metadata is too large")
		}
	}
	return nil
}

// createGroups serves POST /groups. All groups are created, or none.
func (s *Server) createGroups(c *call) (answer, error) {
	body, err := decodeItems[Group](c, maxGroupsInOneCall)
	if err != nil {
		return answer{}, err
	}
	memberships := map[string]int{}
	for _, g := range c.project.groups.all() {
		g.count(memberships)
	}
	for _, g := range body.Items {
		if err := g.check(); err != nil {
			return answer{}, err
		}
		g.count(memberships)
	}
	if len(c.project.groups.order)+len(body.Items) > maxGroups {
		return answer{}, badRequest(messageGroups)
	}
	for _, groups := range memberships {
		if groups > maxGroupsOfOne {
			return answer{}, badRequest("A principal can be in at most %d groups", maxGroupsOfOne)
		}
	}
	for i := range body.Items {
		added := &body.Items[i]
		s.lastGroupID++
		added.ID, added.IsDeleted, added.DeletedTime = s.lastGroupID, false, groupIsNotDeleted
		c.project.groups.put(added.ID, *added)
	}
	made := success(map[string][]Group{"items": body.Items})
	made.status = s.opts.GroupCreatedStatus
	return made, nil
}

// count adds a group to the numbers of groups of its members.
func (g Group) count(memberships map[string]int) {
	members, _, _ := g.principals()
	for _, member := range members {
		memberships[member]++
	}
}

// deleteGroups serves POST /groups/delete, whose items are bare numbers. All
// groups are deleted, or none.
func (s *Server) deleteGroups(c *call) (answer, error) {
	body, err := decodeItems[int64](c, maxGroupsInOneCall)
	if err != nil {
		return answer{}, err
	}
	named := []idKey{}
	for _, id := range body.Items {
		named = append(named, idKey{id})
	}
	_, missing, err := lookup(named, idKey.key, c.project.groups)
	if err != nil {
		return answer{}, err
	}
	if missing != nil {
		return answer{}, s.missing(missing)
	}
	for _, id := range body.Items {
		c.project.groups.remove(id)
	}
	return empty(), nil
}

// listGroups serves GET /groups. There are no pages.
func (s *Server) listGroups(c *call) (answer, error) {
	query := c.request.URL.Query()
	text := query.Get("all")
	if query.Has("all") && text != "true" && text != "false" {
		return answer{}, badRequest("all must be true or false")
	}
	all := text == "true"
	if all {
		granted := c.grants(groupsACL, actionList)
		if len(granted) == 0 && !s.opts.OwnGroupsWithoutList {
			return answer{}, forbidden(groupsACL, actionList)
		}
		all = slices.ContainsFunc(granted, func(held Capability) bool { return !held.CurrentUser })
	}
	shown := []Group{}
	for id, g := range c.project.groups.all() {
		own := slices.Contains(c.principal.Projects[c.project.name], id) || g.has(c.principal.Subject)
		if all || own {
			shown = append(shown, g)
		}
	}
	return success(map[string][]Group{"items": shown}), nil
}
