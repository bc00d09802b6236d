"""etcd and kube-apiserver: found or built, started and stopped."""
