package manifest

import (
	"fmt"

	genericfeatures "k8s.io/apiserver/pkg/features"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
)

// SetFeatureGates changes the gates that decide which fields exist, from the
// text of --feature-gates ("A=true,B=false"). Kubernetes keeps its gates for
// the whole process: call it at most once, before the first [Load]. An unknown
// gate is an error.
func SetFeatureGates(gates string) error {
	if gates == "" {
		return nil
	}
	if err := utilfeature.DefaultMutableFeatureGate.Set(gates); err != nil {
		return fmt.Errorf("feature gates %q: %w", gates, err)
	}
	return nil
}

// betaRules tells whether generated rules of beta quality count.
func betaRules() bool {
	return utilfeature.DefaultFeatureGate.Enabled(genericfeatures.DeclarativeValidationBeta)
}
