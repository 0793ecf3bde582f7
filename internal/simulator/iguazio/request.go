package iguazio

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// call is one request on its way to the endpoint that serves it.
type call struct {
	request *http.Request
	params  []string // what stands in the path for the placeholders
	query   url.Values
	body    []byte
	session *session
	caller  *user
}

// input is the data member of a request.
type input struct {
	Type          string                   `json:"type"`
	Attributes    attributes               `json:"attributes"`
	Relationships map[string]*inputLinkage `json:"relationships"`
}

// inputLinkage is a relationship of a request.
type inputLinkage struct {
	Data json.RawMessage `json:"data"`
}

// decode reads the body of a request about a resource of the given type. The
// type may be absent.
func (c call) decode(resourceType string) (input, error) {
	var body struct {
		Data *input `json:"data"`
	}
	if json.Unmarshal(c.body, &body) != nil || body.Data == nil {
		return input{}, errorf(http.StatusBadRequest, "Malformed request body")
	}
	if body.Data.Type != "" && body.Data.Type != resourceType {
		return input{}, errorf(http.StatusBadRequest, "Resource type %s is not %s", body.Data.Type, resourceType)
	}
	if body.Data.Attributes == nil {
		body.Data.Attributes = attributes{}
	}
	return *body.Data, body.Data.Attributes.check()
}

// many returns the IDs of a relationship to many and whether the request names
// it. Empty IDs are ignored.
func (in input) many(name string) (ids []string, named bool, err error) {
	link := in.Relationships[name]
	if link == nil {
		return nil, false, nil
	}
	var refs []ref
	if json.Unmarshal(link.Data, &refs) != nil {
		return nil, false, errorf(http.StatusBadRequest, "Relationship %s is not a list", name)
	}
	for _, r := range refs {
		if r.ID != "" {
			ids = append(ids, r.ID)
		}
	}
	return ids, true, nil
}

// one returns the ID of a relationship to one, "" for null, and whether the
// request names it.
func (in input) one(name string) (id string, named bool, err error) {
	link := in.Relationships[name]
	if link == nil {
		return "", false, nil
	}
	var to ref
	if len(link.Data) > 0 && json.Unmarshal(link.Data, &to) != nil {
		return "", false, errorf(http.StatusBadRequest, "Relationship %s is not a reference", name)
	}
	return to.ID, true, nil
}

// isNull reports whether a relationship is named and is null.
func (in input) isNull(name string) bool {
	link := in.Relationships[name]
	return link != nil && (len(link.Data) == 0 || isNull(link.Data))
}
