package cognite

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Inspection is what the server says of the token that the client uses.
type Inspection struct {
	// Subject is the principal that the token is of.
	Subject string `json:"subject"`
	// Projects are the projects that the token gives access to.
	Projects []TokenProject `json:"projects"`
	// Capabilities are what it permits, each a JSON object.
	Capabilities []jsontext.Value `json:"capabilities"`
}

// TokenProject is a project that a token gives access to.
type TokenProject struct {
	// Name is the name of the project.
	Name string `json:"projectUrlName"`
	// Groups are the groups in it that the principal is in.
	Groups []int64 `json:"groups"`
}

// InspectToken tells what the token of the client is good for: GET
// /api/v1/token/inspect. It is no part of a project.
func (c *Client) InspectToken(ctx context.Context) (Inspection, error) {
	answer, err := c.http.Do(ctx, &transport.Request{
		Method: http.MethodGet, Path: []string{"api", "v1", "token", "inspect"}, Header: c.header,
	})
	if err != nil {
		return Inspection{}, err
	}
	var inspection Inspection
	if transport.Decode(answer.Body, &inspection) != nil {
		return Inspection{}, broken(transport.Read, answer)
	}
	if inspection.Subject == "" {
		f := fault.New(fault.Internal, "the server does not say whose token it is")
		f.RequestID = answer.RequestID()
		return Inspection{}, f
	}
	return inspection, nil
}
