package usermgmt_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/usermgmt/usermgmt"
)

func ExampleCognite() {
	client, err := usermgmt.New(
		usermgmt.Cognite("https://westeurope-1.cognitedata.com", "plant-7"),
		usermgmt.WithCredentials(usermgmt.OAuth2ClientCredentials{
			TokenURL:     "https://login.microsoftonline.com/my-tenant/oauth2/v2.0/token",
			ClientID:     "my-app",
			ClientSecret: usermgmt.NewSecret("from a vault"),
			Scopes:       []string{"https://westeurope-1.cognitedata.com/.default"},
		}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	fmt.Println(client.Backend(), client.Capabilities().Of(usermgmt.CapUserName))
	// Output: cognite no
}

// Several users are created at once. Each succeeds or fails alone.
func ExampleCogniteExtension_CreateUsers() {
	createTwo := func(ctx context.Context, m usermgmt.UserManager, machine usermgmt.OAuth2ClientCredentials) error {
		gateway, ok := usermgmt.As[*usermgmt.CogniteExtension](m)
		if !ok {
			return errors.New("this is no Postgres Gateway")
		}
		results, err := gateway.CreateUsers(ctx, []usermgmt.CreateUserRequest{{Credential: machine}, {Credential: machine}})
		for i, result := range results {
			var lost *usermgmt.CogniteLostAnswer
			switch {
			case result.Err == nil:
				fmt.Println(i, "created:", result.Value.Name, "at", result.Value.Host) // keep result.Value.Credential: it is shown once
			case errors.As(result.Err, &lost):
				fmt.Println(i, "may exist:", lost.Outcome, lost.User.Name)
			default:
				fmt.Println(i, "was not created:", result.Err)
			}
		}
		return err
	}
	memory, err := usermgmt.New(usermgmt.Memory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer memory.Close()
	machine := usermgmt.OAuth2ClientCredentials{ClientID: "my-app", ClientSecret: usermgmt.NewSecret("from a vault")}
	fmt.Println(createTwo(context.Background(), memory, machine))
	// Output: this is no Postgres Gateway
}
