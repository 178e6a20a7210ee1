package bolt_test

import (
	"testing"

	"sacbridge/internal/store"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/store/storetest"
)

func TestTokensContract(t *testing.T) {
	t.Parallel()
	storetest.Values(t, func(t testing.TB) (store.Values, func() store.Values) {
		path, o := place(t), bolt.Options{NoSync: true}
		db, _ := openDirectory(t, path, o)
		return db.Tokens(), func() store.Values {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db, _ = openDirectory(t, path, o)
			return db.Tokens()
		}
	})
}
