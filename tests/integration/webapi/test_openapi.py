import httpx


def test_the_specification_is_openapi_3_1_and_names_every_resource(api_url: str) -> None:
    specification = httpx.get(f"{api_url}/openapi.json").json()
    assert specification["openapi"] == "3.1.0"
    paths = specification["paths"]
    for path in ("/v1/files", "/v1/uploads/{upload_id}/parts", "/v1/batches/{batch_id}/results", "/v1/models/{name}"):
        assert path in paths
    assert "multipart/form-data" in paths["/v1/files"]["post"]["requestBody"]["content"]
    assert "422" not in str(paths)


def test_every_operation_is_described(api_url: str) -> None:
    specification = httpx.get(f"{api_url}/openapi.json").json()
    for path, operations in specification["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                assert operation.get("summary"), f"{method} {path}"


def test_every_reference_leads_somewhere(api_url: str) -> None:
    specification = httpx.get(f"{api_url}/openapi.json").json()
    known = specification["components"]["schemas"]
    found = set(references(specification))
    assert found
    assert all(reference.startswith("#/components/") for reference in found)
    schemas = {name.rpartition("/")[2] for name in found if name.startswith("#/components/schemas/")}
    assert schemas <= set(known)


def test_every_number_in_an_address_has_a_largest_one(api_url: str) -> None:
    """One that no column of the database holds is a 400, and no 500."""
    paths = httpx.get(f"{api_url}/openapi.json").json()["paths"]
    asked = [
        (path, one["name"], one["schema"])
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method != "parameters"
        for one in operation.get("parameters", [])
        if one.get("in") == "query" and "integer" in one["schema"].get("type", ())
    ]
    assert {"after", "limit", "version", "based_on"} <= {name for _, name, _ in asked}
    assert [(path, name) for path, name, schema in asked if not {"minimum", "maximum"} <= schema.keys()] == []


def references(value: object) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    return []
