package service_test

import (
	"testing"

	"sacbridge/internal/sacsim/service"
)

func TestABadSettingChangesNothing(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"settings":{"stateless":true,"sessionIdleSeconds":7}}`)
	for _, bad := range []string{
		`{"stateless":false,"zzz":1}`, `{"stateless":null}`, `{"bulkMaxOperations":"30"}`, `{"bulkMaxOperations":null}`,
		`{"bulkItemStatus":"elsewhere"}`, `{"managerDeleteStatus":42}`, `{"maxLicenses":-1}`, `[]`,
		`{"userRolePatch":"sometimes"}`, `{"droppedRoles":"PROFILE:t.A:R"}`, `{"droppedRoles":[1]}`, `{"ignoredAttributes":["shoeSize"]}`, `{"clockSkewSeconds":true}`,
	} {
		if err := x.svc.MergeSettings([]byte(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	idle, set := x.svc.NumberSetting("sessionIdleSeconds")
	same(t, "kept", []any{x.svc.Setting("stateless"), idle, set, x.svc.Setting("nonsense")}, []any{true, 7.0, true, false})
	if err := x.svc.MergeSettings([]byte(`{"sessionIdleSeconds":null,"stateless":false}`)); err != nil {
		t.Fatal(err)
	}
	_, set = x.svc.NumberSetting("sessionIdleSeconds")
	same(t, "changed", []bool{x.svc.Setting("stateless"), set}, []bool{false, false})
	if err := x.svc.MergeSettings(nil); err != nil {
		t.Errorf("nothing to merge: %v", err)
	}
}
