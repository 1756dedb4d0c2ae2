package gopeer

import (
	"strconv"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	benchv1 "bourse/bench/gen/bench/v1"
	orderv1 "bourse/bench/gen/bourse/order/v1"
)

const firstOrderNumber = 536365
const firstOrderSeconds = 1_291_190_400

var descriptions = []string{
	"CERAMIC STORAGE JAR WITH OAK LID",
	"SET OF SIX TALL GLASS TUMBLERS",
	"BRASS READING LAMP WITH GREEN SHADE",
	"PAPER LANTERN PALE BLUE 40 CM",
	"WOODEN PUZZLE FOR SMALL CHILDREN",
	"COTTON APRON WITH TWO POCKETS",
	"TRAVEL ALARM CLOCK BOTTLE GREEN",
}
var countries = []string{"United Kingdom", "Germany", "France", "Norway", "Portugal"}

// OrderAt creates the order with an index. All peers create the same orders.
func OrderAt(index int64) *benchv1.ExportResponse {
	return &benchv1.ExportResponse{
		OrderNumber: strconv.FormatInt(firstOrderNumber+index, 10),
		ProductCode: "P" + strconv.FormatInt(10_000+index%4_000, 10),
		Description: descriptions[index%int64(len(descriptions))],
		Quantity:    int32(index%48) - 2,
		UnitPrice:   float64(85+index%2_000) / 100,
		Customer:    strconv.FormatInt(12_346+index%5_000, 10),
		Country:     countries[index%int64(len(countries))],
		PlaceTime:   &timestamppb.Timestamp{Seconds: firstOrderSeconds + index},
	}
}

// StoredOrderAt creates the stored order with an index. All peers create the same orders.
func StoredOrderAt(index int64) *orderv1.Order {
	cents := 85 + index%2_000
	return &orderv1.Order{
		Key:         "bench/" + strconv.FormatInt(index, 10),
		OrderNumber: strconv.FormatInt(firstOrderNumber+index/20, 10),
		ProductCode: "P" + strconv.FormatInt(10_000+index%4_000, 10),
		Description: descriptions[index%int64(len(descriptions))],
		Quantity:    int32(index%48) + 1,
		UnitPrice:   &money.Money{CurrencyCode: "GBP", Units: cents / 100, Nanos: int32(cents%100) * 10_000_000},
		CustomerId:  proto.String(strconv.FormatInt(12_346+index%5_000, 10)),
		Country:     countries[index%int64(len(countries))],
		PlacedAt:    &timestamppb.Timestamp{Seconds: firstOrderSeconds + index},
	}
}
