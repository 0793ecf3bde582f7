package juju

import "context"

// APIInfo is how to reach the controller of a model.
type APIInfo struct {
	// Addresses are its addresses, host and port.
	Addresses []string
	// CA is the certificate of its authority, as PEM.
	CA string
}

type apiInfoResult struct {
	outcome

	Addresses []string `json:"addresses"`
	CA        string   `json:"cacert"`
}

// APIInfoForModels returns how to reach the controllers of models:
// Controller.ControllerAPIInfoForModels.
func (c *Client) APIInfoForModels(ctx context.Context, uuids ...string) ([]Item[APIInfo], error) {
	about, err := subjects("Model", uuids, model)
	if err != nil {
		return nil, err
	}
	r := request{facade: "Controller", method: "ControllerAPIInfoForModels", params: tagged(about)}
	return items(ctx, c, r, about, func(a apiInfoResult) (APIInfo, error) {
		return APIInfo{Addresses: a.Addresses, CA: a.CA}, nil
	})
}

// IdentityProviderURL returns who authenticates external users, empty if
// nobody does: Controller.IdentityProviderURL.
func (c *Client) IdentityProviderURL(ctx context.Context) (string, error) {
	var url string
	r := request{facade: "Controller", method: "IdentityProviderURL"}
	err := send(ctx, c, r, func(s *Session, answer struct {
		Result string       `json:"result"`
		Error  *itemFailure `json:"error"`
	}) error {
		if answer.Error != nil {
			return s.judge(r, subject{}, *answer.Error)
		}
		url = answer.Result
		return nil
	})
	return url, err
}
