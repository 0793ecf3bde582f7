package couchbase

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The settings of external authentication are documents that the simulator
// keeps and does not look into, but for the switches of LDAP and SAML.

// readDocument serves GET /settings/{jwt,ldap,saml,clientCertAuth}.
func (c *call) readDocument() response {
	document, ok := c.server.documents[c.path]
	if !ok {
		document = jsontext.Value("{}")
	}
	return jsonReply(http.StatusOK, document)
}

// putDocument serves PUT /settings/jwt, whose body is JSON.
func (c *call) putDocument() response {
	document := jsontext.Value(c.body)
	if !document.IsValid() {
		return fieldError("_", "Invalid Json")
	}
	c.server.documents[c.path] = document
	return c.readDocument()
}

// deleteDocument serves DELETE /settings/jwt.
func (c *call) deleteDocument() response {
	delete(c.server.documents, c.path)
	return empty()
}

// postDocument serves POST /settings/{ldap,saml,clientCertAuth}: a form whose
// fields are merged into the document, or a document in JSON.
func (c *call) postDocument() response {
	if strings.HasPrefix(c.request.Header.Get("Content-Type"), "application/json") {
		return c.putDocument()
	}
	merged := map[string]jsontext.Value{}
	if document, ok := c.server.documents[c.path]; ok {
		if err := json.Unmarshal(document, &merged); err != nil {
			merged = map[string]jsontext.Value{} // a document that is no object is replaced
		}
	}
	for _, field := range c.form() {
		merged[field.key] = jsontext.Value(field.value)
		if field.value != "true" && field.value != "false" {
			merged[field.key] = encode(field.value)
		}
		on := field.value == "true"
		switch {
		case c.path == "settings/ldap" && field.key == "authenticationEnabled":
			c.server.mechanisms.LDAP = on
		case c.path == "settings/saml" && field.key == "enabled":
			c.server.mechanisms.SAML = on
		}
	}
	c.server.documents[c.path] = encode(merged)
	return c.readDocument()
}
