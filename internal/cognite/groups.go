package cognite

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// everyone is what stands for all principals in place of a list of members.
const everyone = "allUserAccounts"

// Members are who is in a group: principals, never users of the gateway.
type Members struct {
	// All is set if all principals are in it.
	All bool
	// IDs are the principals; nil if the group has no list of members.
	IDs []string
}

// IsZero reports whether there are neither members nor a list of them.
func (m Members) IsZero() bool { return !m.All && m.IDs == nil }

// MarshalJSON implements [json.Marshaler].
func (m Members) MarshalJSON() ([]byte, error) {
	if m.All {
		return json.Marshal(everyone)
	}
	return json.Marshal(m.IDs)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (m *Members) UnmarshalJSON(data []byte) error {
	*m = Members{}
	if jsontext.Value(data).Kind() != '"' {
		return json.Unmarshal(data, &m.IDs)
	}
	var text string
	err := json.Unmarshal(data, &text)
	if m.All = text == everyone; err == nil && !m.All {
		err = errors.New("unknown members")
	}
	return err
}

// NewGroup is a group to be created.
type NewGroup struct {
	// Name is the name. Several groups may have the same.
	Name string `json:"name"`
	// SourceID is the group of the identity provider whose members are those
	// of this one; it excludes Members.
	SourceID string `json:"sourceId,omitzero"`
	// Capabilities are what members may do, each a JSON object.
	Capabilities []jsontext.Value `json:"capabilities,omitempty"`
	// Members are who is in it.
	Members Members `json:"members,omitzero"`
	// Metadata are texts by key.
	Metadata map[string]string `json:"metadata,omitempty"`
	// Attributes is a JSON object, nil for none.
	Attributes jsontext.Value `json:"attributes,omitzero"`
}

// Group is a group, as GET P/groups shows it.
type Group struct {
	NewGroup

	// ID is the server's number for the group.
	ID int64 `json:"id"`
	// IsDeleted is set on a group that was deleted.
	IsDeleted bool `json:"isDeleted"`
	// DeletedTime is when that was, -1 if it was not.
	DeletedTime Millis `json:"deletedTime"`
}

// ListGroups returns the groups of the project, or those of the caller: GET
// P/groups. It has no pages.
func (c *Client) ListGroups(ctx context.Context, all bool) ([]Group, error) {
	found, err := items[Group](ctx, c, call{
		method: http.MethodGet, path: []string{"groups"}, query: url.Values{"all": {strconv.FormatBool(all)}},
	})
	return found.items, err
}

// CheckGroup tells whether a group could be created so.
func CheckGroup(group NewGroup) error {
	if err := checkName("Name", group.Name); err != nil {
		return err
	}
	if group.SourceID != "" && !group.Members.IsZero() {
		return fault.Invalid("SourceID", "excludes members")
	}
	if group.Members.All && len(group.Members.IDs) > 0 {
		return fault.Invalid("Members", "must be either all or some")
	}
	for _, capability := range group.Capabilities {
		if capability.Kind() != '{' || !capability.IsValid() {
			return fault.Invalid("Capabilities", "must be JSON objects")
		}
	}
	if group.Attributes != nil && (group.Attributes.Kind() != '{' || !group.Attributes.IsValid()) {
		return fault.Invalid("Attributes", "must be a JSON object")
	}
	return nil
}

// CreateGroup creates a group: POST P/groups. Names can repeat and each call
// makes another group, so it is never sent twice.
func (c *Client) CreateGroup(ctx context.Context, group NewGroup) (Group, error) {
	if err := CheckGroup(group); err != nil {
		return Group{}, err
	}
	return one(ctx, c, call{
		method: http.MethodPost, path: []string{"groups"}, body: newItems(group), class: transport.Once,
	}, func(g Group) bool { return g.ID > 0 })
}

// DeleteGroups deletes the groups of the ids: POST P/groups/delete. Without
// ids nothing is sent. It is not sent again after a lost answer.
func (c *Client) DeleteGroups(ctx context.Context, ids []int64) error {
	if err := checkIDs("IDs", ids, len(ids)); err != nil || len(ids) == 0 {
		return err
	}
	return c.done(ctx, call{
		method: http.MethodPost, path: []string{"groups", "delete"}, body: newItems(unique(ids)...), class: transport.Once,
	})
}
