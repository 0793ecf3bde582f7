package aistore

import (
	"strconv"
	"strings"
)

// Perm is a set of permissions. On the wire it is a decimal number in a JSON
// string, because all 64 bits are in use.
type Perm uint64

// names are the permissions in the order of their bits.
var names = [...]string{
	"GET", "HEAD-OBJECT", "PUT", "APPEND", "DELETE-OBJECT", "MOVE-OBJECT", "PROMOTE", "UPDATE-OBJECT", "HEAD-BUCKET", "LIST-OBJECTS",
	"PATCH", "SET-BUCKET-ACL", "LIST-BUCKETS", "SHOW-CLUSTER", "CREATE-BUCKET", "DESTROY-BUCKET", "MOVE-BUCKET", "ADMIN",
}

// The sets that AIStore names.
const (
	// PermReadOnly is "ro".
	PermReadOnly Perm = 771
	// PermReadWrite is "rw".
	PermReadWrite Perm = 831
	// PermAll is "su".
	PermAll = ^Perm(0)
)

// String returns "ro", "rw" or "su" for these sets, else the names of the
// permissions joined by commas, with bits that have no name as one number.
func (p Perm) String() string {
	switch p {
	case 0:
		return "none"
	case PermReadOnly:
		return "ro"
	case PermReadWrite:
		return "rw"
	case PermAll:
		return "su"
	}
	var parts []string
	for bit, name := range names {
		if p&(1<<bit) != 0 {
			parts = append(parts, name)
			p &^= 1 << bit
		}
	}
	if p != 0 {
		parts = append(parts, "0x"+strconv.FormatUint(uint64(p), 16))
	}
	return strings.Join(parts, ",")
}

// MarshalText writes the wire form.
func (p Perm) MarshalText() ([]byte, error) {
	return strconv.AppendUint(nil, uint64(p), 10), nil
}

// UnmarshalText reads the wire form.
func (p *Perm) UnmarshalText(text []byte) error {
	bits, err := strconv.ParseUint(string(text), 10, 64)
	*p = Perm(bits)
	return err
}
