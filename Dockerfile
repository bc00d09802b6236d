# The operator's image: docker build -t rekognition-operator .
# To pin what it is built upon, give both stages a base by digest: --build-arg BASE=python@sha256:...
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
# Where packages come from, if not from the public index: the address of a mirror, as pip reads it.
ARG PIP_INDEX_URL
COPY pyproject.toml README.md LICENSE /src/
COPY requirements /src/requirements
COPY image /src/image
COPY operator /src/operator
RUN /src/image/install.sh /src /opt/operator

FROM ${BASE}
LABEL org.opencontainers.image.title="rekognition-operator" \
      org.opencontainers.image.description="GitOps for Amazon Rekognition" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN python3 -m pip uninstall --yes --quiet pip
COPY --from=build /opt/operator /opt/operator
ENV PATH=/opt/operator/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["rekognition-operator"]
CMD ["run"]
