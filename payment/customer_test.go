package payment_test

import (
	"testing"

	"gatewatch/payment"
)

func TestCustomerKey(t *testing.T) {
	t.Parallel()
	a, same, other := payment.NewCustomers([]byte("secret")), payment.NewCustomers([]byte("secret")), payment.NewCustomers([]byte("another"))
	one := string(a.Key([]byte("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")))
	if len(one) != 16 || one != string(same.Key([]byte("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))) {
		t.Errorf("key %q is not the same with the same secret", one)
	}
	if one == string(other.Key([]byte("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))) || one == string(a.Key([]byte("oUpF8uMuAJO_M2pxb1Q9zNjWeS6p"))) {
		t.Errorf("key %q stands for another secret or customer too", one)
	}
}
