package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"

	// The most common driver for Go. It uses the C library.
	_ "github.com/mattn/go-sqlite3"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	benchv1 "bourse/bench/gen/bench/v1"
	orderv1 "bourse/bench/gen/bourse/order/v1"
	"bourse/bench/peers/gopeer"
)

const createOrders = `create table orders (
	sequence integer primary key, key text not null unique, order_number text not null, product_code text not null,
	description text not null, quantity integer not null, currency text not null, units integer not null,
	nanos integer not null, customer_id text, country text not null, placed_seconds integer not null,
	placed_nanos integer not null
) strict`

const insertOrder = `insert into orders (key, order_number, product_code, description, quantity, currency, units, nanos,
	customer_id, country, placed_seconds, placed_nanos) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const selectOrders = `select sequence, key, order_number, product_code, description, quantity, currency, units, nanos,
	customer_id, country, placed_seconds, placed_nanos from orders where sequence <= ? order by sequence`

// orders is a typical store of orders in SQLite with database/sql. Its export has no resume token and no digest.
type orders struct {
	orderv1.UnimplementedOrderServiceServer
	open sync.Once
	db   *sql.DB
	err  error
}

func (o *orders) store() (*sql.DB, error) {
	o.open.Do(func() {
		path := filepath.Join(os.Getenv("BENCH_FOLDER"), "orders.sqlite")
		if o.db, o.err = sql.Open("sqlite3", path+"?_journal_mode=WAL&_synchronous=FULL"); o.err == nil {
			_, o.err = o.db.Exec(createOrders)
		}
	})
	return o.db, o.err
}

func (o *orders) fill(ctx context.Context, count int64) (int64, error) {
	db, err := o.store()
	if err != nil {
		return 0, err
	}
	var have int64
	if err := db.QueryRowContext(ctx, "select count(*) from orders").Scan(&have); err != nil {
		return 0, err
	}
	transaction, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer transaction.Rollback()
	insert, err := transaction.PrepareContext(ctx, insertOrder)
	if err != nil {
		return 0, err
	}
	for ; have < count; have++ {
		order := gopeer.StoredOrderAt(have)
		if _, err := insert.ExecContext(ctx, order.Key, order.OrderNumber, order.ProductCode, order.Description,
			order.Quantity, order.UnitPrice.CurrencyCode, order.UnitPrice.Units, order.UnitPrice.Nanos, order.CustomerId,
			order.Country, order.PlacedAt.Seconds, order.PlacedAt.Nanos); err != nil {
			return 0, err
		}
	}
	return have, transaction.Commit()
}

func (o *orders) ExportOrders(_ *orderv1.ExportOrdersRequest, stream grpc.ServerStreamingServer[orderv1.ExportOrdersResponse]) error {
	db, err := o.store()
	if err != nil {
		return err
	}
	var newest int64
	if err := db.QueryRowContext(stream.Context(), "select coalesce(max(sequence), 0) from orders").Scan(&newest); err != nil {
		return err
	}
	rows, err := db.QueryContext(stream.Context(), selectOrders, newest)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		order := &orderv1.Order{UnitPrice: &money.Money{}, PlacedAt: &timestamppb.Timestamp{}}
		var customer sql.NullString
		if err := rows.Scan(&order.Sequence, &order.Key, &order.OrderNumber, &order.ProductCode, &order.Description,
			&order.Quantity, &order.UnitPrice.CurrencyCode, &order.UnitPrice.Units, &order.UnitPrice.Nanos, &customer,
			&order.Country, &order.PlacedAt.Seconds, &order.PlacedAt.Nanos); err != nil {
			return err
		}
		if customer.Valid {
			order.CustomerId = proto.String(customer.String)
		}
		if err := stream.Send(&orderv1.ExportOrdersResponse{Orders: []*orderv1.Order{order}}); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (service *service) FillStore(ctx context.Context, request *benchv1.FillStoreRequest) (*benchv1.FillStoreResponse, error) {
	count, err := service.orders.fill(ctx, request.Count)
	return &benchv1.FillStoreResponse{Count: count}, err
}
