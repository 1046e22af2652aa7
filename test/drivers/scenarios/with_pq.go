// lib/pq under database/sql: prepared and binary, transactions, COPY, notifications, contexts.
package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/lib/pq"
)

const (
	columns   = "id, buyer_name, buyer_email, gift_message"
	redacted  = "SELECT " + columns + " FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id"
	byIds     = "SELECT " + columns + " FROM orders WHERE id BETWEEN $1 AND $2 ORDER BY id"
	filter    = "SELECT id FROM orders WHERE buyer_name = $1 AND id BETWEEN 900001 AND 900100 ORDER BY id"
	byChannel = "SELECT id FROM orders WHERE buyer_name = $1 AND channel = $2 AND id BETWEEN 900001 AND 900100 ORDER BY id"
	count     = "SELECT count(*) FROM plain.people"
)

var background = context.Background()

type list = []interface{}
type dict = map[string]interface{}

// What a pool, a connection and a transaction have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...interface{}) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...interface{}) (sql.Result, error)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func read(rows *sql.Rows, err error) list {
	if err != nil {
		return list{failed(err)}
	}
	defer rows.Close()
	names, err := rows.Columns()
	check(err)
	all := list{}
	for rows.Next() {
		row := make(list, len(names))
		places := make(list, len(names))
		for i := range row {
			places[i] = &row[i]
		}
		check(rows.Scan(places...))
		for i, value := range row {
			if text, ok := value.([]byte); ok {
				row[i] = string(text)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return list{failed(err)}
	}
	return all
}

func all(db querier, query string, args ...interface{}) list {
	return read(db.QueryContext(background, query, args...))
}

func failed(err error) interface{} {
	var e *pq.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return list{"pq.Error", e.Severity, e.Code, e.Message, e.Detail, e.Hint, e.Position, e.Constraint, e.Code.Name()}
}

func exec(db querier, query string, args ...interface{}) interface{} {
	result, err := db.ExecContext(background, query, args...)
	if err != nil {
		return failed(err)
	}
	n, err := result.RowsAffected()
	check(err)
	return n
}

func undone(db *sql.DB, work func(tx *sql.Tx) interface{}) interface{} {
	tx, err := db.Begin()
	check(err)
	defer tx.Rollback()
	return work(tx)
}

func rowsOf(rows *sql.Rows, err error) list {
	check(err)
	defer rows.Close()
	found := list{}
	for rows.Next() {
		var id int64
		var name, email, gift sql.NullString
		check(rows.Scan(&id, &name, &email, &gift))
		row := list{id, name.String, email.String, nil}
		if gift.Valid {
			row[3] = gift.String
		}
		found = append(found, row)
	}
	check(rows.Err())
	return found
}

var place = regexp.MustCompile(`^\d+$`)

// `recover` makes the session usable again.
func filtered(db querier, query string, recover func(), args ...interface{}) dict {
	result := dict{}
	rows, err := db.QueryContext(background, query, args...)
	ids := []int64{}
	if err == nil {
		for rows.Next() {
			var id int64
			check(rows.Scan(&id))
			ids = append(ids, id)
		}
		err = rows.Err()
		rows.Close()
	}
	var e *pq.Error
	if errors.As(err, &e) {
		at := 0
		if place.MatchString(e.Position) {
			fmt.Sscan(e.Position, &at)
		}
		result["error"] = dict{
			"class": fmt.Sprintf("%T %s", e, e.Code.Name()), "code": e.Code, "message": e.Message, "detail": e.Detail, "hint": e.Hint,
			"at": query[at-1:],
		}
	} else {
		check(err)
		result["found"] = ids
	}
	recover()
	after := all(db, "SELECT $1::text", "fine")
	result["after"] = after[0].(list)[0]
	return result
}

func copies(db *sql.DB) interface{} {
	return undone(db, func(tx *sql.Tx) interface{} {
		statement, err := tx.Prepare(pq.CopyInSchema("plain", "lines", "n", "word"))
		check(err)
		for n := 0; n < 3000; n++ {
			_, err = statement.Exec(100000+n, fmt.Sprintf("copied %d\t\\", n))
			check(err)
		}
		_, err = statement.Exec()
		check(err)
		check(statement.Close())
		read := all(tx, "SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000")
		bad, err := tx.Prepare(pq.CopyInSchema("plain", "people", "id", "email"))
		check(err)
		_, err = bad.Exec("not a number", "x")
		if err == nil {
			_, err = bad.Exec()
		}
		return list{read, failed(err)}
	})
}

func notifications(db *sql.DB, settings string) interface{} {
	listener := pq.NewListener(settings, time.Second, time.Second, nil)
	defer listener.Close()
	check(listener.Listen("chat"))
	exec(db, "NOTIFY chat, 'hello'")
	select {
	case n := <-listener.Notify:
		return list{n.Channel, n.Extra}
	case <-time.After(10 * time.Second):
		return "nothing"
	}
}

func notices(settings string) interface{} {
	base, err := pq.NewConnector(settings)
	check(err)
	heard := list{}
	db := sql.OpenDB(pq.ConnectorWithNoticeHandler(base, func(notice *pq.Error) {
		heard = append(heard, list{notice.Severity, notice.Message, notice.Detail, notice.Hint})
	}))
	defer db.Close()
	all(db, "SELECT plain.warn('go')")
	return heard
}

func cancel(db *sql.DB) interface{} {
	ctx, stop := context.WithTimeout(background, 300*time.Millisecond)
	defer stop()
	rows, err := db.QueryContext(ctx, "SELECT pg_sleep(20)")
	return list{read(rows, err), all(db, "SELECT 'after'")}
}

func prepared(db *sql.DB, times int, query string, args ...interface{}) list {
	statement, err := db.Prepare(query)
	check(err)
	defer statement.Close()
	results := list{}
	for n := 0; n < times; n++ {
		results = append(results, read(statement.Query(args...)))
	}
	return results
}

func types(db *sql.DB) interface{} {
	rows, err := db.Query("SELECT * FROM plain.kinds WHERE id IN (1, 3) ORDER BY id")
	check(err)
	described := list{}
	columns, err := rows.ColumnTypes()
	check(err)
	for _, column := range columns {
		length, _ := column.Length()
		described = append(described, list{column.Name(), column.DatabaseTypeName(), length, fmt.Sprint(column.ScanType())})
	}
	return list{described, read(rows, nil)}
}

func main() {
	settings := "sslmode=disable"
	db, err := sql.Open("postgres", settings)
	check(err)
	db.SetMaxOpenConns(1)
	binary, err := sql.Open("postgres", settings+" binary_parameters=yes")
	check(err)
	binary.SetMaxOpenConns(1)
	same, rows, filters := dict{}, dict{}, dict{}

	same["login"] = all(db, "SELECT current_user, system_user, current_database()")
	same["simple"] = list{all(db, "SELECT * FROM plain.people ORDER BY id"), exec(db, "SELECT 1; SELECT 2"), all(db, "SELECT 1; SELECT 2")}
	casts := "SELECT $1::int, $2::bigint, $3::numeric, $4::text, $5::bytea, $6::bool, $7::date, $8::timestamptz, $9::json, $10::uuid, $11::int[], $12::text[], $13::float8, $14::text"
	at, err := time.Parse(time.RFC3339Nano, "2024-02-29T10:11:12.345Z")
	check(err)
	values := list{-41, int64(9007199254740993), "12.3400", "it's \\ \"é\" 漢", []byte{0, 255, 92, 39}, true, at, at, `{"a": [1, null]}`,
		"6f1b1d52-2f0c-4b0a-9f0b-0123456789ab", pq.Array([]int64{1, -2, 3}), pq.Array([]string{"a", "b c", `"`, ""}), 0.1, nil}
	same["parameters"] = list{all(db, casts, values...), all(binary, casts, values...)}
	same["prepared"] = prepared(db, 8, "SELECT email FROM plain.people WHERE id = $1", 2)
	same["types"] = types(db)
	same["binary"] = prepared(binary, 3, "SELECT id, big, num, bytes, tsz, ints FROM plain.kinds WHERE id = $1", 1)
	same["cursor"] = undone(db, func(tx *sql.Tx) interface{} {
		exec(tx, "DECLARE c CURSOR FOR SELECT n FROM plain.lines ORDER BY n")
		return list{len(all(tx, "FETCH 1500 FROM c")), len(all(tx, "FETCH 1500 FROM c"))}
	})
	same["transactions"] = list{undone(db, func(tx *sql.Tx) interface{} {
		return list{
			exec(tx, "INSERT INTO plain.people VALUES ($1, $2, $3)", 60, "sixty@plain.test", 60), exec(tx, "SAVEPOINT s"),
			exec(tx, "INSERT INTO plain.people VALUES (1, 'x')"), all(tx, "SELECT 1"), exec(tx, "ROLLBACK TO s"), all(tx, count),
		}
	}), all(db, count)}
	same["errors"] = list{all(db, "SELECT nothing FROM plain.people"), all(db, "SELEC 1"), all(db, "SELECT 1/0"), all(db, "SELECT plain.fail($1)", "x"),
		exec(db, "INSERT INTO plain.people VALUES ($1, $2)", 1, "x")}
	same["copy"] = copies(db)
	same["notifications"] = notifications(db, settings)
	same["notices"] = notices(settings)
	same["cancel"] = cancel(db)
	same["metadata"] = all(db, "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, ordinal_position", "public")
	same["returning"] = undone(db, func(tx *sql.Tx) interface{} {
		return list{all(tx, "INSERT INTO plain.people VALUES ($1, $2, $3) RETURNING *", 70, "new@plain.test", 30),
			all(tx, "UPDATE orders SET notes = $1 WHERE id = 900011 RETURNING id, buyer_name", "seen")}
	})
	large, err := json.Marshal(all(db, "SELECT n, repeat(chr(97 + n % 26), 500) FROM generate_series(1, 5000) n"))
	check(err)
	same["large"] = fmt.Sprintf("%x", sha256.Sum256(large))
	orders := list{all(db, "SELECT * FROM orders WHERE id BETWEEN 900011 AND 900014 ORDER BY id"),
		all(db, "SELECT channel, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1")}
	for _, on := range []*sql.DB{db, binary, db, binary} {
		orders = append(orders, all(on, byChannel, "Edda Ebert", "ebay"),
			all(on, "SELECT id FROM orders WHERE channel = ANY($1) AND buyer_email = $2", pq.Array([]string{"ebay", "shopify"}), "edda@known.test"),
			all(on, "SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name = $2", time.Now().AddDate(0, 0, -7), "Nina Neumann"))
	}
	same["orders"] = orders

	rows["simple"] = rowsOf(db.Query(redacted))
	rows["extended"] = rowsOf(db.Query(byIds, 900001, 900003))
	rows["binary parameters"] = rowsOf(binary.Query(byIds, 900001, 900003))
	statement, err := db.Prepare(byIds)
	check(err)
	rows["prepared"] = rowsOf(statement.Query(900001, 900003))
	rows["prepared again"] = rowsOf(statement.Query(900001, 900003))
	check(statement.Close())

	nothing := func() {}
	filters["simple"] = filtered(db, strings.Replace(filter, "$1", "'Alan Archer'", 1), nothing)
	filters["extended"] = filtered(db, filter, nothing, "Alan Archer")
	filters["binary parameters"] = filtered(binary, filter, nothing, "Alan Archer")
	filters["by a parameter"] = filtered(db, byChannel, nothing, "Alan Archer", "amazon")
	filters["by a binary parameter"] = filtered(binary, byChannel, nothing, "Alan Archer", "amazon")
	filters["transaction"] = undone(db, func(tx *sql.Tx) interface{} {
		exec(tx, "SAVEPOINT s")
		return filtered(tx, filter, func() { exec(tx, "ROLLBACK TO s") }, "Alan Archer")
	})
	check(db.Close())
	check(binary.Close())
	check(json.NewEncoder(os.Stdout).Encode(dict{"same": same, "rows": rows, "filters": filters}))
}
