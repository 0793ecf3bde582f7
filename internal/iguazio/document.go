package iguazio

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// The types of resources.
const (
	typeUser        = "user"
	typeGroup       = "user_group"
	typeProject     = "project"
	typeProjectRole = "project_authorization_role"
	typeJob         = "job"
	typeAccessKey   = "access_key"
	typeSession     = "session"
)

// Ref names a resource.
type Ref struct {
	// Type is the type of the resource, such as "user".
	Type string `json:"type"`
	// ID is the identifier, an opaque text.
	ID string `json:"id"`
}

// UserRef names a user.
func UserRef(id string) Ref { return Ref{Type: typeUser, ID: id} }

// GroupRef names a group.
func GroupRef(id string) Ref { return Ref{Type: typeGroup, ID: id} }

// refs is what a relationship leads to. On the wire it is one reference, a
// list of them, or null.
type refs []Ref

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (r *refs) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*r = nil
	if d.PeekKind() == '{' {
		var ref Ref
		err := json.UnmarshalDecode(d, &ref)
		*r = named([]Ref{ref})
		return err
	}
	var list []Ref
	err := json.UnmarshalDecode(d, &list)
	*r = named(list)
	return err
}

// named returns the references that have an ID: an empty one stands for none.
func named(list []Ref) refs {
	var r refs
	for _, ref := range list {
		if ref.ID != "" {
			r = append(r, ref)
		}
	}
	return r
}

// ids returns the IDs, nil if there are none.
func (r relation) ids() []string {
	var ids []string
	for _, ref := range r.Data {
		ids = append(ids, ref.ID)
	}
	return ids
}

// first returns the ID of the first reference, empty if there is none.
func (r relation) first() string {
	if len(r.Data) == 0 {
		return ""
	}
	return r.Data[0].ID
}

// relation is a relationship of a resource.
type relation struct {
	Data refs `json:"data"`
}

// resource is a resource as the server shows it. It has only those
// relationships that were asked for and lead somewhere.
type resource struct {
	Type          string              `json:"type"`
	ID            string              `json:"id"`
	Attributes    jsontext.Value      `json:"attributes"`
	Relationships map[string]relation `json:"relationships"`
}

func (r resource) ref() Ref { return Ref{Type: r.Type, ID: r.ID} }

// attributes decodes the attributes that target knows. Absent ones and null
// leave zero values.
func (r resource) attributes(target any) error {
	if len(r.Attributes) == 0 {
		return nil
	}
	return transport.Decode(r.Attributes, target)
}

// job returns the ID of the job that goes on with a change: the resource is
// the job, or has it as a relationship.
func (r resource) job() string {
	if r.Type == typeJob {
		return r.ID
	}
	if id := r.Relationships["jobs"].first(); id != "" {
		return id
	}
	return r.Relationships["last_job"].first()
}

// single is the answer with one resource.
type single struct {
	Data     resource   `json:"data"`
	Included []resource `json:"included"`

	included map[Ref]resource
}

// several is the answer with a list of resources.
type several struct {
	Data     *[]resource `json:"data"`
	Included []resource  `json:"included"`
}

func index(included []resource) map[Ref]resource {
	byRef := make(map[Ref]resource, len(included))
	for _, r := range included {
		byRef[r.ref()] = r
	}
	return byRef
}

// body is the request that writes a resource. Relationships is sent also if it
// is empty, which leaves them as they are.
type body struct {
	Data struct {
		Type          string         `json:"type"`
		Attributes    any            `json:"attributes"`
		Relationships map[string]any `json:"relationships"`
	} `json:"data"`
}

// newBody returns the request that writes a resource.
func newBody(kind string, attributes any, relationships map[string]any) ([]byte, error) {
	var b body
	b.Data.Type, b.Data.Attributes, b.Data.Relationships = kind, attributes, relationships
	if relationships == nil {
		b.Data.Relationships = map[string]any{}
	}
	return transport.Encode(b)
}

// toOne is a relationship to one resource, to none if the ID is empty.
type toOne struct {
	Data *Ref `json:"data"`
}

func relateOne(kind, id string) toOne {
	if id == "" {
		return toOne{}
	}
	return toOne{&Ref{Type: kind, ID: id}}
}

// toMany is a relationship to a list of resources.
type toMany struct {
	Data []Ref `json:"data"`
}

func relateMany(kind string, ids []string) toMany {
	list := make([]Ref, 0, len(ids)) // no list is not an empty one
	for _, id := range ids {
		list = append(list, Ref{Type: kind, ID: id})
	}
	return toMany{list}
}

// anotherThan is the failure of an answer about something that was not asked for.
func anotherThan(resource string) error {
	return fault.New(fault.Internal, "the server answered with another %s than the one asked for", resource)
}
