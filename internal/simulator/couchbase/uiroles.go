package couchbase

import (
	"maps"
	"net/http"
	"slices"
)

// uiRolesJSON is the answer of GET /_uiroles.
type uiRolesJSON struct {
	Folders    []uiFolderJSON   `json:"folders"`
	Parameters uiParametersJSON `json:"parameters"`
}

// uiFolderJSON is a folder of roles in the UI.
type uiFolderJSON struct {
	Name  string       `json:"name"`
	Roles []uiRoleJSON `json:"roles"`
}

// uiRoleJSON is a role in the UI.
type uiRoleJSON struct {
	Role        string   `json:"role"`
	Name        string   `json:"name"`
	Description string   `json:"desc"`
	Parameters  []string `json:"params"`
}

// uiParametersJSON is what the parameters of roles can be.
type uiParametersJSON struct {
	Buckets []uiValueJSON `json:"bucket_name"`
}

// uiValueJSON is a bucket, scope or collection with what is in it.
type uiValueJSON struct {
	Value    string        `json:"value"`
	Children []uiValueJSON `json:"children,omitempty"`
}

// uiRoles serves GET /_uiroles. The folders are not those of the server: roles
// are sorted into them by what they have parameters for.
func (c *call) uiRoles() response {
	s := c.server
	parameters := []string{"bucket_name", "scope_name", "collection_name"}
	folders := []uiFolderJSON{{Name: "Administrative"}, {Name: "Bucket"}, {Name: "Scope"}, {Name: "Collection"}}
	for _, d := range s.visible() {
		folder := &folders[d.parameters]
		folder.Roles = append(folder.Roles, uiRoleJSON{d.name, d.label, d.description(), parameters[:d.parameters]})
	}
	folders = slices.DeleteFunc(folders, func(folder uiFolderJSON) bool { return folder.Roles == nil })
	return jsonReply(http.StatusOK, uiRolesJSON{folders, uiParametersJSON{s.uiBuckets()}})
}

// uiBuckets returns the tree of buckets, scopes and collections.
func (s *Server) uiBuckets() []uiValueJSON {
	var buckets []uiValueJSON
	for _, name := range slices.Sorted(maps.Keys(s.buckets)) {
		shown := uiValueJSON{Value: name}
		for _, scopeName := range slices.Sorted(maps.Keys(s.buckets[name].scopes)) {
			in := uiValueJSON{Value: scopeName}
			for _, collection := range slices.Sorted(maps.Keys(s.buckets[name].scopes[scopeName].collections)) {
				in.Children = append(in.Children, uiValueJSON{Value: collection})
			}
			shown.Children = append(shown.Children, in)
		}
		buckets = append(buckets, shown)
	}
	return buckets
}
