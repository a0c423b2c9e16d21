// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	_ "github.com/trinodb/trino-go-client/trino" // the distributed SQL engine

	"github.com/modelvet/modelvet"
)

// TrinoVariable names the environment variable with the address of the Trino
// server, as its Go client takes it: "https://user:password@host:8443".
const TrinoVariable = "MODELVET_TRINO"

// plain is a part of the name of a relation that needs no quotation.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*$`)

// openTrino opens a relation. Its digest is over the server's own checksum of
// all rows, whose order does not count.
func openTrino(ctx context.Context, t modelvet.Table, options []Option) (*Table, error) {
	tab := &Table{table: t, dialect: trinoSQL{}}
	for _, o := range options {
		o(tab)
	}
	if err := tab.openTrino(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening table %q: %w", t.Name, hide(err)), tab.Close())
	}
	return tab, nil
}

func (t *Table) openTrino(ctx context.Context) error {
	if t.table.SQL.Engine != "trino" {
		return fmt.Errorf("sql.engine is %q: the engine there is, is trino", t.table.SQL.Engine)
	}
	address := os.Getenv(TrinoVariable)
	if address == "" {
		return fmt.Errorf("%s is a relation of a Trino server: set %s to the server's address, such as https://user@host:8443", t.table.SQL.Relation, TrinoVariable)
	}
	from, err := relation(t.table.SQL.Relation)
	if err != nil {
		return err
	}
	if t.db, err = sql.Open("trino", address); err != nil {
		return fmt.Errorf("%s is no address of a Trino server: expected https://user@host:port", TrinoVariable)
	}
	t.with = "WITH t AS (SELECT * FROM " + from + ")"
	if err := t.describeTrino(ctx); err != nil {
		return err
	}
	if err := checkRoles(t.table, names(t.columns), t.table.SQL.Relation); err != nil {
		return err
	}
	return t.checksum(ctx)
}

// relation quotes "catalog.schema.table".
func relation(name string) (string, error) {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if !plain.MatchString(p) {
			return "", fmt.Errorf("sql.relation is %q: expected catalog.schema.table, each of letters, digits and _", name)
		}
		parts[i] = Ident(p)
	}
	if len(parts) != 3 {
		return "", fmt.Errorf("sql.relation is %q: expected catalog.schema.table", name)
	}
	return strings.Join(parts, "."), nil
}

func (t *Table) describeTrino(ctx context.Context) error {
	rows, err := t.db.QueryContext(ctx, t.named("SELECT * FROM t LIMIT 0"))
	if err != nil {
		return t.explain(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return t.explain(err)
	}
	for _, c := range types {
		t.columns = append(t.columns, Column{c.Name(), strings.ToUpper(c.DatabaseTypeName())})
	}
	if len(t.columns) == 0 {
		return fmt.Errorf("%s has no columns", t.table.SQL.Relation)
	}
	for rows.Next() { // to its end, so that the server lets go of it
	}
	return rows.Err()
}

func (t *Table) checksum(ctx context.Context) error {
	var all []string
	for _, c := range t.columns {
		all = append(all, Ident(c.Name))
	}
	var sum string
	err := t.db.QueryRowContext(ctx, t.named("SELECT count(*), to_hex(coalesce(checksum(ROW("+strings.Join(all, ", ")+")), X'00')) FROM t")).Scan(&t.rows, &sum)
	if err != nil {
		return t.explain(err)
	}
	if _, err := hex.DecodeString(sum); err != nil {
		return fmt.Errorf("reading %s: its checksum %q is no hexadecimal number", t.table.SQL.Relation, sum)
	}
	if t.rows == 0 {
		return fmt.Errorf("%s has no rows: nothing can be measured on it", t.table.SQL.Relation)
	}
	t.digest = "trino-checksum:" + strings.ToLower(sum)
	return nil
}

// hide takes the server's address, which may hold a password, out of an error.
func hide(err error) error {
	if a := os.Getenv(TrinoVariable); a != "" && strings.Contains(err.Error(), a) {
		return errors.New(strings.ReplaceAll(err.Error(), a, "the server"))
	}
	return err
}

// where names a table in errors and evidence.
func where(t modelvet.Table) string {
	if t.SQL != nil {
		return t.SQL.Engine + ":" + t.SQL.Relation
	}
	return t.Path
}
