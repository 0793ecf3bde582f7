package juju

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// ServerName is the DNS name that every controller's certificate has, whatever
// the address is.
const ServerName = "juju-apiserver"

// authorityLife is how long certificates are good.
const authorityLife = 24 * time.Hour

// Authority is the CA of a controller, which signs the controller's certificate.
type Authority struct {
	certificate string
	server      tls.Certificate
}

// NewAuthority returns a new CA with a certificate for a controller. The
// certificate is good for the names of the real ones, none of which is the
// address that is dialled.
func NewAuthority() (*Authority, error) {
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "juju-ca", Organization: []string{"juju"}},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "juju-generated certificate", Organization: []string{"juju"}},
		NotBefore:    root.NotBefore,
		NotAfter:     root.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost", ServerName, "juju-mongodb", "anything"},
	}
	rootKey, err := newKey()
	if err != nil {
		return nil, err
	}
	leafKey, err := newKey()
	if err != nil {
		return nil, err
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		return nil, fmt.Errorf("juju: certificate of the CA: %w", err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey)
	if err != nil {
		return nil, fmt.Errorf("juju: certificate of the controller: %w", err)
	}
	return &Authority{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})),
		server:      tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
	}, nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("juju: key of a certificate: %w", err)
	}
	return key, nil
}

// CertificatePEM returns the certificate of the CA, for [Options] and for
// clients.
func (a *Authority) CertificatePEM() string { return a.certificate }

// ServerConfig returns the TLS configuration of the controller.
func (a *Authority) ServerConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.server}, MinVersion: tls.VersionTLS12}
}
