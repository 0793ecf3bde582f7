package cognite

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Column is a column of a table.
type Column struct {
	// Name is the name of the column.
	Name string
	// Type is its PostgreSQL type, such as TEXT.
	Type string
}

// Columns are the columns of a table in their order. The server sends them as
// an object by name or as a list.
type Columns []Column

type columnType struct {
	Type string `json:"type"`
}

// MarshalJSON implements [json.Marshaler]: an object by name, in order.
func (c Columns) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := jsontext.NewEncoder(&out)
	err := encoder.WriteToken(jsontext.BeginObject)
	for _, column := range c {
		if err == nil {
			err = encoder.WriteToken(jsontext.String(column.Name))
		}
		if err == nil {
			err = json.MarshalEncode(encoder, columnType{column.Type})
		}
	}
	if err == nil {
		err = encoder.WriteToken(jsontext.EndObject)
	}
	if err != nil {
		return nil, fmt.Errorf("writing columns: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Columns) UnmarshalJSON(data []byte) error {
	*c = nil
	if jsontext.Value(data).Kind() == '[' {
		var list []struct {
			Name string `json:"propertyName"`
			Type string `json:"type"`
		}
		err := json.Unmarshal(data, &list)
		for _, column := range list {
			*c = append(*c, Column(column))
		}
		return err
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return err // null
	}
	for decoder.PeekKind() == '"' {
		name, err := decoder.ReadToken()
		if err != nil {
			return err
		}
		column := Column{Name: name.String()}
		var t columnType
		if err := json.UnmarshalDecode(decoder, &t); err != nil {
			return err
		}
		column.Type = t.Type
		*c = append(*c, column)
	}
	_, err := decoder.ReadToken()
	return err
}
