package aistore

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The real server of recording 52 gave this key this ID.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	const modulus = "0w16G6_0uXxY3wRpszkInmleSItYGTBkio2EEerJP4CQfjP4vadUShPxFUUsmaJGDZr91HyeL8g3trw8AaD3wEQSwYMGv6kevWywS6Oho76X202I" +
		"JxeUBC71l2y-cC5nLDhtEm-mfX8aj0kWkBOG7L6ePz8A41fyyed9a7xlafHwqAwDFXiog5YFXERfxu0covFciRytuY4v8COWONEX0UCo67hr_3sfOmQnixNj" +
		"2E1BjvkmxBZ1pEDuI8aNvCJhA9Q1590eZeYYnkPBVeGFHENdaNk-bgrVOR5yvzFGP2i1GpgGGxBJK5mCVqZoZWi--QKWqpNtGFY8qVcEZxzHUQ"
	n, err := base64.RawURLEncoding.DecodeString(modulus)
	require.NoError(t, err)
	assert.Equal(t, publicJWK{
		Algorithm: "RS256",
		Exponent:  "AQAB",
		KeyID:     "l4EzkiZz7zDPZ1ypMLsoFtc_jYYMf9LMOFgsLgIT_Xc",
		KeyType:   "RSA",
		Modulus:   modulus,
		Use:       "sig",
	}, jwkOf(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}))
}
